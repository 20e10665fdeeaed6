import assert from "node:assert/strict";
import { test } from "node:test";
import { transitionIn } from "./transitions.ts";

const line = (what: string): string =>
  `[WARNING]  (16811) : Server nodes/node-1 is ${what}, check duration: 2ms. 1 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.`;

for (const [what, to, why] of [
  ["UP, reason: Layer7 check passed, code: 200", "up", "passed"],
  ['DOWN, reason: Layer7 wrong status, code: 503, info: "Service Unavailable"', "down", "not-ready"],
  ['DOWN, reason: Layer7 wrong status, code: 500, info: "Internal"', "down", "other"],
  ["DOWN, reason: Layer7 timeout", "down", "timeout"],
  ["DOWN, reason: Layer4 timeout", "down", "timeout"],
  ['DOWN, reason: Layer4 connection problem, info: "Connection refused"', "down", "refused"],
] as const) {
  test(`a node is ${what}`, () => {
    const { atNs, ...transition } = transitionIn(line(what))!;
    assert.ok(atNs > 0);
    assert.deepEqual(transition, { node: "node-1", to, why });
  });
}

test("other lines are none", () => {
  for (const other of [
    "",
    "[NOTICE]   (16809) : New worker (16811) forked",
    "[ALERT] : backend 'nodes' has no server available!",
  ]) {
    assert.equal(transitionIn(other), undefined);
  }
});
