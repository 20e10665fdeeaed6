import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { madeUpCell, sixTargets } from "../../reports/testing.ts";
import type { MeasuredCell } from "../contract/results.ts";
import { cpuContentionOf, describeCpuContention } from "./cpu-contention.ts";

function cellWith(cpuWaitShare: number): MeasuredCell {
  const cell = structuredClone(madeUpCell("echo", sixTargets[0]!, 2)) as MeasuredCell;
  cell.trials[0]!.windows[0]!.measures.cpuWaitShare = cpuWaitShare;
  return cell;
}

describe("CPU contention", () => {
  it("is a process that was busy without having its core", () => {
    assert.deepEqual(cpuContentionOf([cellWith(0.3)]), { contendedWindows: 1, windows: 2 });
    assert.match(describeCpuContention(cpuContentionOf([cellWith(0.3)]))!, /^in 1 of 2 windows/);
  });

  it("is not a process that had its core but for moments", () => {
    assert.equal(describeCpuContention(cpuContentionOf([cellWith(0.02)])), undefined);
    assert.equal(describeCpuContention(cpuContentionOf([cellWith(0.2)])), undefined);
  });

  it("counts only windows that tell", () => {
    const silent = cellWith(0.3);
    for (const { windows } of silent.trials) delete windows[0]!.measures.cpuWaitShare;
    assert.deepEqual(cpuContentionOf([silent]), { contendedWindows: 0, windows: 0 });
  });
});
