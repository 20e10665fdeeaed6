import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "./cluster-run.ts";

const expectation = { statement: "s", formula: "f", metric: "lost", expected: { low: 0, high: 2 } };
const trials = (...lost: (number | undefined)[]) =>
  lost.map((value) => ({ measures: value === undefined ? {} : { lost: value } }));

test("a prediction holds only if it held in every trial, and shows the trial furthest from it", () => {
  assert.equal(judge(expectation, trials(0, 1, 2)).verdict, "held");
  const failed = judge(expectation, trials(0, 7, 3));
  assert.deepEqual([failed.verdict, failed.measured], ["failed", 7]);
});

test("a trial without a number leaves it unproved, but does not excuse one in which it failed", () => {
  assert.equal(judge(expectation, trials(0, undefined)).verdict, "not-measured");
  assert.equal(judge(expectation, trials(Number.NaN)).verdict, "not-measured");
  assert.equal(judge(expectation, trials(undefined, 3)).verdict, "failed");
});
