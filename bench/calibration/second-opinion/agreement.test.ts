import assert from "node:assert/strict";
import { test } from "node:test";
import { compareRates, holdRates } from "./agreement.ts";

test("two tools agree when the ranges of their rounds overlap, and differ when they do not", () => {
  assert.equal(compareRates({ autocannon: [100, 120, 110], harness: [90, 105, 95] }).verdict, "passed");
  assert.equal(compareRates({ autocannon: [100, 120, 110], harness: [90, 99, 95] }).verdict, "differs");
  assert.equal(compareRates({ autocannon: [100, 120, 110], harness: [130, 125, 140] }).verdict, "differs");
});

test("a server that answers late holds both to the same rate", () => {
  assert.equal(holdRates({ autocannon: [900, 910, 905], harness: [905, 890] }, 10).verdict, "passed");
  assert.equal(holdRates({ autocannon: [900, 910, 905], harness: [1800, 1790] }, 10).verdict, "failed");
  assert.equal(holdRates({ autocannon: [900, 910, 905], harness: [600, 610] }, 10).verdict, "failed");
});

test("what autocannon falls short of by itself, or varies by, is not held against the harness", () => {
  assert.equal(holdRates({ autocannon: [590, 411, 480], harness: [450, 352] }, 10).verdict, "cannot tell");
  assert.equal(holdRates({ autocannon: [900, 700, 890, 650], harness: [720, 700, 710] }, 10).verdict, "cannot tell");
});
