import { completeTrials } from "../contract/cells.ts";
import { formatDuration } from "../quantities/format.ts";
import { type Claim, type Decidable, evidenceOf, inWords, present, seenOf, unmeasured, valueInWords } from "./claim.ts";
import { comparedWithOne } from "./compared.ts";
import { federated, federatedCells, seenBetween } from "./federated.ts";

const { clear, encrypted, apart } = federatedCells;

export const xmppDecentralisedSlow: Claim = {
  id: "xmpp-decentralised-slow",
  statement: "Its decentralised architecture makes XMPP slower.",
  about: "WebSocket and XMPP",
  needs: [
    // As servers of different owners meet; in clear it is told where a run has it.
    federated(encrypted),
    // Whether distance comes on top, which a single trial shows; how much slower a server is rests on the others.
    { ...federated(apart), counts: true },
  ],
  flipsAt: "a message to another server that takes no longer than one to the user's own, in clear or over TLS",
  decide(results) {
    const told = [
      { how: "in clear", factor: comparedWithOne(seenOf(results, "federatedP50Ratio", clear, "in clear")) },
      { how: "over TLS", factor: comparedWithOne(seenOf(results, "federatedP50Ratio", encrypted, "over TLS")) },
    ].flatMap(({ how, factor }) => (factor === undefined ? [] : [{ how, ...factor }]));
    if (told.length === 0) return unmeasured("no cell wrote to somebody on the same server and on another");
    const first = seenBetween(results, "firstRoundTripMs", "two servers meet");
    const near = seenBetween(results, "sameServerP50Us", "same server");
    const distance = distanceIn(results);
    const factors = told.flatMap(({ evidence }) => evidence);
    const evidence = [...factors, ...evidenceOf(distance?.seen ?? [], present(near, first))];
    const slower = told.filter(({ direction }) => direction === "higher");
    if (slower.length === 0) {
      const unclear = told.find(({ direction }) => direction === "cannot-tell");
      if (unclear === undefined) return { verdict: "does-not-hold", evidence };
      return unmeasured(`a message to another server takes ${unclear.words} the time, which cannot tell`);
    }
    const factorsInWords = told.map(({ how, words }) => `${words} the time ${how}`).join(" and ");
    const meeting = first === undefined ? "" : `, the first of all ${inWords(first)}`;
    const added = distance?.words === undefined ? "" : `; ${distance.words}`;
    return {
      verdict: "holds-when",
      when: `two people are on different servers: a message there and back takes ${factorsInWords}${meeting}${added}; on one server nothing is federated`,
      inShort: `to another server ${slower[0]!.words}`,
      evidence,
    };
  },
};

/** Of servers that are not beside each other. */
function distanceIn(results: Decidable) {
  const near = seenOf(results, "sameServerP50Us", apart, "same server, its other one apart");
  const far = seenOf(results, "roundTripP50Us", apart, "servers apart");
  const betweenMs = far?.cell.parameters.settings.betweenServersMs;
  if (near === undefined || far === undefined || typeof betweenMs !== "number") return undefined;
  if (far.low - near.high < betweenMs * 1000) return { seen: [far, near] };
  const once = completeTrials(far.cell).length === 1 ? ", in one trial" : "";
  const words = `with ${formatDuration(betweenMs)} there and back between the servers ${valueInWords(far)} instead of ${valueInWords(near)}${once}: their distance comes on top, once for each message and its answer`;
  return { seen: [far, near], words };
}
