import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { madeUpCell, sixTargets } from "../../reports/testing.ts";
import type { MeasuredCell } from "../contract/results.ts";
import { estimateOf } from "./estimate.ts";

const cell = madeUpCell("throughput", sixTargets[1]!) as MeasuredCell;
const interval = { value: 10, low: 9, high: 11 };
const withSummary = (over: Partial<MeasuredCell>): MeasuredCell => ({ ...cell, ...over });

describe("an estimate", () => {
  it("carries the bound of its own metric, the other end of the bracket and the reason", () => {
    const summarised = {
      ...interval,
      bound: "at-least",
      upTo: 30,
      why: "the server was idle half of the time",
    } as const;
    const bracket = withSummary({ summary: { achievedRatePerSecond: summarised, serverCpuUsPerMessage: interval } });
    const { value: _, low: __, high: ___, ...worth } = summarised;
    assert.deepEqual(estimateOf(bracket, "achievedRatePerSecond"), { kind: "value", interval, ...worth });
    assert.deepEqual(estimateOf(bracket, "serverCpuUsPerMessage"), { kind: "value", interval });
  });

  it("is never where too much never came, and absent with its own reason where a number would tell nothing", () => {
    const why = "12 of 1000 messages never came";
    const never = withSummary({ summary: {}, absences: { roundTripP99Us: { kind: "never", why } } });
    assert.deepEqual(estimateOf(never, "roundTripP99Us"), { kind: "never", why });
    const unsettled = withSummary({ summary: {}, absences: { roundTripP50Us: { kind: "unsettled", why } } });
    assert.deepEqual(estimateOf(unsettled, "roundTripP50Us"), { kind: "unsettled", why });
    const unknown = withSummary({ summary: {}, absences: { roundTripP99Us: { kind: "unknown", why } } });
    assert.deepEqual(estimateOf(unknown, "roundTripP99Us"), { kind: "absent", why });
    assert.equal(estimateOf(withSummary({ summary: {} }), "roundTripP99Us").kind, "absent");
  });
});
