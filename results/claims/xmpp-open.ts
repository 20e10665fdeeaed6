import { type Claim, evidenceOf, present } from "./claim.ts";
import { federated, federatedCells, seenBetween } from "./federated.ts";

export const xmppOpen: Claim = {
  id: "xmpp-open",
  statement: "XMPP is an open, decentralised standard, extensible and flexible.",
  about: "WebSocket and XMPP",
  needs: [federated(federatedCells.encrypted)],
  flipsAt: "nothing that can be measured: who may read, run and extend it is written down",
  decide(results) {
    const seen = (metric: "receivedMessages" | "lostMessages") => seenBetween(results, metric, "between two servers");
    const received = seen("receivedMessages");
    const delivered = present(received, seen("lostMessages"));
    return {
      verdict: "not-a-measurement",
      instead: {
        kind: "fact",
        says: `its specifications are open to all, name servers of equal rank that find each other by DNS, and are extended in the open, by numbered XEPs; ${(received?.low ?? 0) > 0 ? "two servers of this machine, each under its address, exchanged messages" : "two servers that exchange messages can be measured here"}`,
        sources: ["RFC 6120 (core)", "RFC 6121 (instant messaging)", "xmpp.org/extensions (XSF)"],
      },
      inShort: "RFC 6120, RFC 6121, public XEPs",
      evidence: evidenceOf(delivered),
    };
  },
};
