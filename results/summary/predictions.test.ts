import assert from "node:assert/strict";
import { test } from "node:test";
import { holdAgainst } from "./predictions.ts";

const expectation = { statement: "s", formula: "f", metric: "lost", expected: { low: 0, high: 2 } };
const trials = (...lost: (number | undefined)[]) =>
  lost.map((value) => ({ measures: value === undefined ? {} : { lost: value } }));

test("a prediction holds only if it held in every trial, and shows the trial furthest from it", () => {
  assert.equal(holdAgainst(expectation, trials(0, 1, 2)).verdict, "held");
  const failed = holdAgainst(expectation, trials(0, 7, 3));
  assert.deepEqual([failed.verdict, failed.measured], ["failed", 7]);
});

test("a trial without a number leaves it unproved, but does not excuse one in which it failed", () => {
  assert.equal(holdAgainst(expectation, trials(0, undefined)).verdict, "not-measured");
  assert.equal(holdAgainst(expectation, trials(Number.NaN)).verdict, "not-measured");
  assert.equal(holdAgainst(expectation, trials()).verdict, "not-measured");
  assert.equal(holdAgainst(expectation, trials(undefined, 3)).verdict, "failed");
});

test("an end that is absent is not part of the prediction", () => {
  const atLeast = { ...expectation, expected: { low: 5 } };
  assert.equal(holdAgainst(atLeast, trials(5, 1e12)).verdict, "held");
  const below = holdAgainst(atLeast, trials(5, 4));
  assert.deepEqual([below.verdict, below.measured], ["failed", 4]);
  assert.equal(holdAgainst({ ...expectation, expected: { high: 5 } }, trials(-1e12, 5)).verdict, "held");
});

test("what was expected is kept with the verdict", () => {
  const claimed = { ...expectation, claim: "c1" };
  assert.deepEqual(holdAgainst(claimed, trials(1)), { ...claimed, measured: 1, verdict: "held" });
});

test("a trial with an excuse proves nothing, and excuses no other", () => {
  const excuse = (_: unknown, { measures: { lost = 0 } }: ReturnType<typeof trials>[number]) =>
    lost === 9 ? "the machine was busy" : undefined;
  const cannotTell = holdAgainst(expectation, trials(1, 9), excuse);
  assert.deepEqual(
    [cannotTell.verdict, cannotTell.measured, cannotTell.because],
    ["cannot-tell", 9, "the machine was busy"],
  );
  const failed = holdAgainst(expectation, trials(9, 5), excuse);
  assert.deepEqual([failed.verdict, failed.measured, failed.because], ["failed", 5, undefined]);
  assert.equal(holdAgainst(expectation, trials(1, 2), () => "always").verdict, "held");
});
