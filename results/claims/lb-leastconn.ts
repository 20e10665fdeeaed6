import { policyNamed } from "../contract/policies.ts";
import type { MeasuredCell } from "../contract/results.ts";
import { type Claim, evidenceOf, hasNodes, inWords, seenIn } from "./claim.ts";
import { evenly, isStream } from "./spread.ts";

const isLeastconn = (cell: MeasuredCell): boolean =>
  hasNodes(cell) && policyNamed(cell.parameters.policy ?? "").balance === "leastconn";

export const lbLeastconn: Claim = {
  id: "lb-leastconn",
  statement: "With leastconn, a new user goes to the instance with the fewest connections.",
  about: "cluster",
  experiments: ["scaling-out", "stickiness"],
  flipsAt: "a newcomer that a node with more connections than the new one gets",
  decide(results) {
    const [adding, spreading] = this.experiments;
    const newcomers = seenIn(
      results,
      "newcomerShareOfNewNode",
      (cell) => isLeastconn(cell) && cell.scenario === adding,
      ({ variant, target }) => `${variant ?? target}: to the node just added`,
    );
    const most = seenIn(results, "connectionsMaxPerNode", (cell) => isLeastconn(cell) && cell.scenario === spreading);
    const streams = most.filter(({ cell }) => isStream(results, cell));
    if (newcomers.length + streams.length === 0) {
      return { verdict: "not-measured", because: "no cell let users choose among nodes with leastconn" };
    }
    const uneven = most.filter((seen) => !isStream(results, seen.cell) && !evenly(seen));
    const evidence = evidenceOf(newcomers, streams, uneven);
    if (!newcomers.every(({ low }) => low === 1) || !streams.every(evenly)) {
      return { verdict: "does-not-hold", evidence };
    }
    const [loose] = uneven;
    if (loose === undefined) return { verdict: "holds", evidence };
    return {
      verdict: "holds-when",
      when: `a user is one connection for as long as it stays (${loose.evidence.what}: ${inWords(loose)} on the fullest of ${loose.cell.parameters.nodes} nodes)`,
      evidence,
    };
  },
};
