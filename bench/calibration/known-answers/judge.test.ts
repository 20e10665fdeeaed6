import assert from "node:assert/strict";
import { test } from "node:test";
import { agree, judgeExact, judgeWithin, toleranceNs } from "./judge.ts";

const quiet = { expected: 1000, tolerance: 10, noise: 2 };

test("passes what lies within the tolerance on a machine quiet enough to tell", () => {
  assert.equal(judgeWithin({ ...quiet, measured: 1010 }), "passed");
  assert.equal(judgeWithin({ ...quiet, measured: 990 }), "passed");
});

test("calls a miss what no noise explains, above and below", () => {
  assert.equal(judgeWithin({ ...quiet, measured: 1013 }), "missed");
  assert.equal(judgeWithin({ ...quiet, measured: 987 }), "missed");
  assert.equal(judgeWithin({ ...quiet, noise: 500, measured: 2000 }), "missed");
});

test("raises no false alarm for a difference that noise explains", () => {
  assert.equal(judgeWithin({ ...quiet, measured: 1011 }), "too noisy");
  assert.equal(judgeWithin({ ...quiet, noise: 500, measured: 1200 }), "too noisy");
});

test("passes nothing when the noise is larger than the tolerance", () => {
  assert.equal(judgeWithin({ ...quiet, noise: 11, measured: 1000 }), "too noisy");
  assert.equal(judgeWithin({ ...quiet, noise: Number.POSITIVE_INFINITY, measured: 1000 }), "too noisy");
});

test("passes nothing that was not measured", () => {
  assert.equal(judgeWithin({ ...quiet, measured: Number.NaN }), "missed");
  assert.equal(judgeWithin({ ...quiet, expected: Number.NaN, measured: 1000 }), "missed");
  assert.notEqual(judgeWithin({ ...quiet, noise: Number.NaN, measured: 1000 }), "passed");
});

test("has no tolerance for counts", () => {
  assert.equal(judgeExact(5, 5), "passed");
  assert.equal(judgeExact(5, 4), "missed");
});

test("tolerates 1 %, or 50 microseconds if that is more", () => {
  assert.equal(toleranceNs(100e6), 1e6);
  assert.equal(toleranceNs(1e6), 50_000);
});

test("joins the verdicts of trials: what the harness does wrong it does every time", () => {
  assert.equal(agree(["passed"], 1), "passed");
  assert.equal(agree(["passed"], 2), undefined);
  assert.equal(agree(["passed", "missed", "passed"], 2), "passed");
  assert.equal(agree(["missed"], 1), undefined);
  assert.equal(agree(["missed", "missed"], 1), "missed");
  assert.equal(agree(["missed", "too noisy", "missed"], 2), "missed");
  assert.equal(agree(["missed", "passed"], 1), undefined);
  assert.equal(agree(["too noisy", "too noisy", "passed"], 2), undefined);
});
