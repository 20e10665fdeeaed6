import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterResultsOf, type MadeUpVariant, madeUpVariant } from "../../reports/view/testing.ts";
import type { Flag } from "../contract/results.ts";
import { closedLoopCodes } from "./closed-loop-limits.ts";
import { scalingExperiment, scalingFits } from "./scaling.ts";

const full: Flag = { code: closedLoopCodes.machine, severity: "warning", cause: "machine", message: "cores were full" };

/** With ideal scaling of 1000/s per node, of which those given are bounds. */
function fitOf(counts: readonly number[], bounded: readonly number[]) {
  const variants = counts.map(
    (nodes): MadeUpVariant => ({
      scenario: scalingExperiment,
      variant: `redis, ${nodes}`,
      parameters: { broker: "redis", nodes, load: { kind: "closed", inFlight: 2 } },
      measures: { deliveriesPerSecond: 1000 * nodes },
      expected: ["deliveriesPerSecond", 1, undefined, "more than nothing"],
      ...(bounded.includes(nodes) && { flags: [full] }),
    }),
  );
  const [fit] = scalingFits(clusterResultsOf(variants.map((variant) => madeUpVariant(variant))).cells);
  return fit!;
}

test("no law is fitted to lower bounds", () => {
  const { fit, points, reason } = fitOf([1, 2, 4, 8], [8]);
  assert.equal(reason, undefined);
  assert.ok(Math.abs(fit!.perNodePerSecond.value - 1000) < 50);
  assert.deepEqual([...new Set(points.filter(({ isBound }) => isBound).map(({ nodes }) => nodes))], [8]);
});

test("where bounds leave too little for a law, it says which they were", () => {
  const two = fitOf([1, 2, 4, 8], [4, 8]);
  assert.equal(two.fit, undefined);
  assert.match(
    two.reason!,
    /^with 4 and 8 nodes the throughput is a lower bound, since something else was full, and of what is left, 2 node counts/,
  );
  assert.match(fitOf([1, 2], [1, 2]).reason!, /^with 1 and 2 nodes .*, which leaves no point for a law$/);
  assert.match(fitOf([1, 2], []).reason!, /^2 node counts are too few/);
});
