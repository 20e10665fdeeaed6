import { type Claim, evidenceOf, present, seenOf } from "./claim.ts";
import { federated, federatedCell } from "./federated.ts";

export const xmppOpen: Claim = {
  id: "xmpp-open",
  statement: "XMPP is an open, decentralised standard, extensible and flexible.",
  about: "WebSocket and XMPP",
  needs: [federated],
  flipsAt: "nothing that can be measured: who may read, run and extend it is written down",
  decide(results) {
    const delivered = present(
      seenOf(results, "receivedMessages", federatedCell, "between two servers"),
      seenOf(results, "lostMessages", federatedCell, "between two servers"),
    );
    return {
      verdict: "not-a-measurement",
      instead: {
        kind: "fact",
        says: `its specifications are open to all, name servers of equal rank that find each other by DNS, and are extended in the open, by numbered XEPs; ${delivered.length > 0 ? "two servers of this machine found each other and exchanged messages" : "two servers that exchange messages can be measured here"}`,
        sources: ["RFC 6120 (core)", "RFC 6121 (instant messaging)", "xmpp.org/extensions (XSF)"],
      },
      evidence: evidenceOf(delivered),
    };
  },
};
