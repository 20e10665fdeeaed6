import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { madeUpCell, sixTargets } from "../../reports/testing.ts";
import type { MeasuredCell } from "../contract/results.ts";
import { describeStarvation, starvationOf } from "./starvation.ts";

function cellWith(cpuShare: number, eventLoopUtilization: number): MeasuredCell {
  const cell = structuredClone(madeUpCell("echo", sixTargets[0]!, 2)) as MeasuredCell;
  const [window] = cell.trials[0]!.windows;
  window!.generators = [
    { cpuUs: cpuShare * window!.durationMs * 1000, messages: 1, rssBytes: 1, eventLoopUtilization },
  ];
  return cell;
}

describe("starvation", () => {
  it("is a process that was busy without having its core", () => {
    assert.deepEqual(starvationOf([cellWith(0.7, 1)]), { starvedWindows: 1, windows: 2 });
    assert.match(describeStarvation(starvationOf([cellWith(0.7, 1)]))!, /^in 1 of 2 windows/);
  });

  it("is not a process that spins with a core to itself, nor one that rests", () => {
    assert.equal(describeStarvation(starvationOf([cellWith(0.98, 1)])), undefined);
    assert.equal(describeStarvation(starvationOf([cellWith(0.02, 0.03)])), undefined);
  });
});
