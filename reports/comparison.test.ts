import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compareWithReference } from "./comparison.ts";
import type { Cell, Interval, MeasuredCell } from "./results.ts";
import { madeUpCell, sixTargets } from "./testing.ts";

const [tcp, websocket] = sixTargets;

function rateCell(target: string, verdict: MeasuredCell["validity"]["verdict"], rate: Interval): Cell {
  const cell = madeUpCell("throughput", { ...tcp!, target, protocol: "tcp" });
  return { ...(cell as MeasuredCell), validity: { verdict, flags: [] }, summary: { achievedRatePerSecond: rate } };
}

const compareRates = (floor: Cell, value: Cell) => compareWithReference([floor, value], floor.target)[0];
const fast = { value: 100, low: 90, high: 110 };
const slow = { value: 50, low: 40, high: 60 };

describe("comparison with the reference", () => {
  it("divides medians and takes the widest range the trials allow", () => {
    const comparison = compareRates(rateCell("a", "valid", fast), rateCell("b", "valid", slow));
    assert.deepEqual(comparison, {
      scenario: "throughput",
      metric: "achievedRatePerSecond",
      reference: "a",
      target: "b",
      ratio: { value: 0.5, low: 40 / 110, high: 60 / 90 },
      verdict: "lower",
    });
  });

  it("calls overlapping ranges indistinguishable", () => {
    const wide = { value: 80, low: 60, high: 95 };
    assert.equal(
      compareRates(rateCell("a", "valid", fast), rateCell("b", "valid", wide))?.verdict,
      "indistinguishable",
    );
  });

  it("turns the bound around when it is the reference that was limited by the load generator", () => {
    const comparison = compareRates(rateCell("a", "generator-bound", fast), rateCell("b", "valid", slow));
    assert.deepEqual([comparison?.bound, comparison?.verdict], ["at-most", "lower"]);
  });

  it("does not call a lower bound lower", () => {
    const comparison = compareRates(rateCell("a", "valid", fast), rateCell("b", "generator-bound", slow));
    assert.deepEqual([comparison?.bound, comparison?.verdict], ["at-least", "indistinguishable"]);
  });

  it("has no ratio of two bounds", () => {
    const bound = compareRates(rateCell("a", "generator-bound", fast), rateCell("b", "generator-bound", slow));
    assert.equal(bound, undefined);
  });

  it("leaves out invalid cells, cells without a reference and the reference itself", () => {
    assert.equal(compareRates(rateCell("a", "valid", fast), rateCell("b", "invalid", slow)), undefined);
    assert.deepEqual(compareWithReference([madeUpCell("echo", websocket!)], "tcp"), []);
    assert.deepEqual(compareWithReference([madeUpCell("echo", tcp!)], "tcp"), []);
  });
});
