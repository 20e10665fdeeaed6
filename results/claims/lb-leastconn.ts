import { policyPartsOf } from "../contract/cells.ts";
import type { MeasuredCell } from "../contract/results.ts";
import { formatList } from "../quantities/format.ts";
import { type Claim, evidenceOf, hasNodes, inWords, type Seen, seenIn, valueInWords } from "./claim.ts";
import { evenly, fullestInShort, isStream } from "./spread.ts";

/** Its weight grows only slowly, so leastconn weighs it against nodes that count for more. */
const startsSlowly = ({ cell }: Seen): boolean => Number(cell.parameters.settings.slowStartMs ?? 0) > 0;

const isLeastconn = (cell: MeasuredCell): boolean => hasNodes(cell) && policyPartsOf(cell).balance === "leastconn";

export const lbLeastconn: Claim = {
  id: "lb-leastconn",
  statement: "With leastconn, a new user goes to the instance with the fewest connections.",
  about: "Horizontal scaling",
  needs: [
    { experiment: "scaling-out", variants: ["leastconn, sticky", "leastconn, slow start"] },
    { experiment: "stickiness", variants: ["sticky", "Long polling, sticky"] },
  ],
  flipsAt: "a newcomer that a node with more connections than the new one gets",
  decide(results) {
    const newcomers = seenIn(
      results,
      "newcomerShareOfNewNode",
      (cell) => isLeastconn(cell) && cell.scenario === "scaling-out",
      ({ variant, target }) => `${variant ?? target}: to the node just added`,
    );
    const most = seenIn(
      results,
      "connectionsMaxPerNode",
      (cell) => isLeastconn(cell) && cell.scenario === "stickiness",
    );
    const streams = most.filter(({ cell }) => isStream(results, cell));
    if (newcomers.length + streams.length === 0) {
      return { verdict: "not-measured", because: "no cell let users choose among nodes with leastconn" };
    }
    const uneven = most.filter((seen) => !isStream(results, seen.cell) && !evenly(seen));
    const evidence = evidenceOf(newcomers, streams, uneven);
    const isAll = ({ low }: Seen): boolean => low === 1;
    if (!newcomers.filter((seen) => !startsSlowly(seen)).every(isAll) || !streams.every(evenly)) {
      return { verdict: "does-not-hold", evidence };
    }
    const [loose] = uneven;
    const spared = newcomers.find((seen) => startsSlowly(seen) && !isAll(seen));
    const conditions = [
      ...(spared === undefined ? [] : [`that instance is past its slow start (else ${inWords(spared)})`]),
      ...(loose === undefined
        ? []
        : [
            `a user is one connection for as long as it stays (${loose.evidence.what}: ${inWords(loose)} on the fullest of ${loose.cell.parameters.nodes} nodes)`,
          ]),
    ];
    const [newcomer] = newcomers.filter((seen) => !startsSlowly(seen));
    const inShort = [
      newcomer === undefined ? fullestInShort(streams[0] ?? newcomers[0]!) : `newcomers ${valueInWords(newcomer)}`,
      ...(spared === undefined ? [] : [`in slow start ${valueInWords(spared)}`]),
    ].join(", ");
    return conditions.length === 0
      ? { verdict: "holds", inShort, evidence }
      : { verdict: "holds-when", when: formatList(conditions), inShort, evidence };
  },
};
