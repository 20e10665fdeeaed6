import assert from "node:assert/strict";
import { test } from "node:test";
import { checkCost, cpuUsWithin } from "./cost.ts";

test("reads a log between two of its instants, and nothing beyond its ends", () => {
  const log = { atNs: [100, 200, 300, 400], cpuUs: [0, 10, 50, 60] };
  assert.equal(cpuUsWithin(log, 150, 350), 50);
  assert.equal(cpuUsWithin(log, 200, 400), 50);
  assert.equal(cpuUsWithin(log, 50, 350), undefined);
  assert.equal(cpuUsWithin(log, 150, 450), undefined);
});

test("passes a cost within a tenth, fails half and double, and leaves open what lies between or was not told", () => {
  const verdict = (measured: number, expected: number | undefined = 100) =>
    checkCost("c", "us", expected, measured).verdict;
  assert.deepEqual(
    [95, 109].map((us) => verdict(us)),
    ["passed", "passed"],
  );
  assert.deepEqual(
    [50, 200, 70].map((us) => verdict(us)),
    ["failed", "failed", "failed"],
  );
  assert.equal(verdict(120), "cannot tell");
  assert.equal(verdict(Number.NaN), "cannot tell");
  assert.equal(checkCost("c", "us", undefined, 100).verdict, "cannot tell");
});
