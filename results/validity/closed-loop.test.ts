import assert from "node:assert/strict";
import { test } from "node:test";
import type { Measures } from "../metrics/metrics.ts";
import { closedLoopLimit } from "./closed-loop.ts";

const limit = (...measures: Measures[]): string | undefined => {
  const found = closedLoopLimit(measures.map((own) => ({ measures: own })));
  return found === undefined || "flag" in found ? found?.flag.code : found.member;
};

const busy = { brokerCpuShare: 0.2, balancerCpuShare: 0.5, usersCpuShare: 0.6, idleCoresShare: 0 };

test("a closed loop's limit is what was full: users, a part of the cluster, the machine, or nothing", () => {
  assert.equal(limit({}), undefined);
  assert.equal(limit({ ...busy, busiestNodeCpuShare: 0.95 }), "the busiest node");
  assert.equal(limit({ ...busy, busiestNodeCpuShare: 0.5, brokerCpuShare: 0.92 }), "the broker");
  assert.equal(limit({ ...busy, busiestNodeCpuShare: 0.95, usersCpuShare: 0.91 }), "closed-loop-users-full");
  assert.equal(limit({ ...busy, busiestNodeCpuShare: 0.7 }), "closed-loop-machine-full");
  assert.equal(limit({ ...busy, busiestNodeCpuShare: 0.7, idleCoresShare: 0.3 }), "closed-loop-underloaded");
});

test("of several trials the middle one decides", () => {
  const [full, not] = [
    { ...busy, busiestNodeCpuShare: 0.95 },
    { ...busy, busiestNodeCpuShare: 0.6 },
  ];
  assert.equal(limit(full, not, full), "the busiest node");
  assert.equal(limit(full, not, not), "closed-loop-machine-full");
});

test("the sentence says how full what was", () => {
  const found = closedLoopLimit([{ measures: { ...busy, busiestNodeCpuShare: 0.704 } }]);
  assert.ok(found !== undefined && "flag" in found);
  assert.equal(found.flag.cause, "machine");
  assert.match(found.flag.message, /\(0 % idle\) while the busiest node used 70 % of a core: .*lower bounds/);
});
