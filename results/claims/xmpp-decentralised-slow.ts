import { type Claim, evidenceOf, inWords, present, seenOf, unmeasured } from "./claim.ts";
import { comparedWithOne } from "./compared.ts";
import { federated, federatedCell } from "./federated.ts";

export const xmppDecentralisedSlow: Claim = {
  id: "xmpp-decentralised-slow",
  statement: "Its decentralised architecture makes XMPP slower.",
  about: "WebSocket and XMPP",
  needs: [federated],
  flipsAt: "a message to another server that takes no longer than one to the user's own",
  decide(results) {
    const factor = comparedWithOne(seenOf(results, "federatedP50Ratio", federatedCell, "federated"));
    if (factor === undefined) return unmeasured("no cell wrote to somebody on the same server and on another");
    const first = seenOf(results, "firstRoundTripMs", federatedCell, "two servers meet");
    const near = seenOf(results, "sameServerP50Us", federatedCell, "same server");
    const evidence = [...factor.evidence, ...evidenceOf(present(near, first))];
    if (factor.direction === "cannot-tell") {
      return unmeasured(`a message to another server takes ${factor.words} the time, which cannot tell`);
    }
    if (factor.direction !== "higher") return { verdict: "does-not-hold", evidence };
    const meeting = first === undefined ? "" : `, the first of all ${inWords(first)}`;
    return {
      verdict: "holds-when",
      when: `two people are on different servers: a message there and back takes ${factor.words} the time${meeting}; on one server nothing is federated`,
      inShort: `to another server ${factor.words}`,
      evidence,
    };
  },
};
