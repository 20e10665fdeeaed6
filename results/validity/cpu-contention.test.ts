import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { madeUpCell, sixTargets } from "../../reports/testing.ts";
import type { MeasuredCell } from "../contract/results.ts";
import { cpuContentionOf, describeCpuContention, starvationOf } from "./cpu-contention.ts";

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

  it("is a cluster whose processes had no core for most of a second, unless it works as fast as it can", () => {
    const cluster = (measures: MeasuredCell["trials"][number]["measures"], kind: "open" | "closed" = "open") => {
      const cell = cellWith(0);
      for (const trial of cell.trials) trial.measures = measures;
      const load = kind === "open" ? ({ kind, ratePerSecond: 1 } as const) : ({ kind, inFlight: 1 } as const);
      return starvationOf([{ ...cell, trials: cell.trials.slice(0, 1), parameters: { ...cell.parameters, load } }]);
    };
    const starved = { cpuWaitShareMax: 0.7, cpuWaitMaxMs: 900 };
    assert.deepEqual(cluster(starved), { starvedTrials: 1, trials: 1 });
    assert.deepEqual(cluster({ ...starved, cpuWaitMaxMs: 200 }), { starvedTrials: 0, trials: 1 });
    assert.deepEqual(cluster(starved, "closed"), { starvedTrials: 0, trials: 0 });
    assert.deepEqual(cluster({}), { starvedTrials: 0, trials: 0 });
  });

  it("counts only windows that tell", () => {
    const silent = cellWith(0.3);
    for (const { windows } of silent.trials) delete windows[0]!.measures.cpuWaitShare;
    assert.deepEqual(cpuContentionOf([silent]), { contendedWindows: 0, windows: 0 });
  });
});
