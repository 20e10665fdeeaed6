import assert from "node:assert/strict";
import { test } from "node:test";
import { agree, judgeExact, judgeWithin } from "./judge.ts";

const quiet = { expected: 1000, tolerance: 10, noise: 2 };

test("passes what lies within the tolerance on a machine quiet enough to tell", () => {
  assert.equal(judgeWithin({ ...quiet, measured: 1010 }), "passed");
  assert.equal(judgeWithin({ ...quiet, measured: 990 }), "passed");
});

test("fails what no noise explains, above and below", () => {
  assert.equal(judgeWithin({ ...quiet, measured: 1013 }), "failed");
  assert.equal(judgeWithin({ ...quiet, measured: 987 }), "failed");
  assert.equal(judgeWithin({ ...quiet, noise: 500, measured: 2000 }), "failed");
});

test("raises no false alarm for a difference that noise explains", () => {
  assert.equal(judgeWithin({ ...quiet, measured: 1011 }), "cannot tell");
  assert.equal(judgeWithin({ ...quiet, noise: 500, measured: 1200 }), "cannot tell");
});

test("passes nothing when the noise is larger than the tolerance", () => {
  assert.equal(judgeWithin({ ...quiet, noise: 11, measured: 1000 }), "cannot tell");
  assert.equal(judgeWithin({ ...quiet, noise: Number.POSITIVE_INFINITY, measured: 1000 }), "cannot tell");
});

test("passes nothing that was not measured", () => {
  assert.equal(judgeWithin({ ...quiet, measured: Number.NaN }), "failed");
  assert.equal(judgeWithin({ ...quiet, expected: Number.NaN, measured: 1000 }), "failed");
  assert.notEqual(judgeWithin({ ...quiet, noise: Number.NaN, measured: 1000 }), "passed");
});

test("has no tolerance for counts", () => {
  assert.equal(judgeExact(5, 5), "passed");
  assert.equal(judgeExact(5, 4), "failed");
});

test("joins the verdicts of attempts: what the harness does wrong it does every time", () => {
  assert.equal(agree(["passed"]), "passed");
  assert.equal(agree(["passed"], { passesMin: 2 }), undefined);
  assert.equal(agree(["passed", "failed", "passed"], { passesMin: 2 }), "passed");
  assert.equal(agree(["failed"]), undefined);
  assert.equal(agree(["failed", "failed"]), "failed");
  assert.equal(agree(["failed", "failed"], { failuresMin: 3 }), undefined);
  assert.equal(agree(["failed", "cannot tell", "failed"]), "failed");
  assert.equal(agree(["failed", "passed"]), undefined);
});
