import assert from "node:assert/strict";
import { test } from "node:test";
import { trialWith } from "../../reports/testing.ts";
import type { MeasuredCell } from "../../results/contract/results.ts";
import { clusterPresets } from "../experiments/cluster/presets.ts";
import { presets } from "../experiments/comparison/presets.ts";
import { echo } from "../experiments/echo.ts";
import { parseTarget } from "../targets/target.ts";
import { CellState } from "./cell-state.ts";

function stateWith(p50s: readonly number[]): CellState {
  const targets = [parseTarget("tcp")];
  const request = { targets, traffic: presets.quick.settings, cluster: clusterPresets.quick };
  const state = new CellState({ experiment: echo, cell: echo.cells(request)[0]! }, { loadAverage: 0, cores: 2 });
  for (const [index, us] of p50s.entries()) state.add(p50Trial(index + 1, us));
  return state;
}

const p50Trial = (trial: number, us: number) =>
  trialWith({ trial, measures: { scheduledP50Us: us, achievedRatePerSecond: 500 } });

test("how many trials a precision takes is decided by the first ones, not by those that follow", () => {
  const jumpy = stateWith([100, 130, 100, 75, 110]);
  assert.equal(jumpy.isPrecise(0.1), false);
  // However alike these are, the pilot has asked for 30 or more.
  for (let trial = 6; trial <= 25; trial++) jumpy.add(p50Trial(trial, 100));
  assert.equal(jumpy.isPrecise(0.1), false);
  const quiet = stateWith([100, 101, 99, 100, 102]);
  assert.equal(quiet.isPrecise(0.1), true);
  // Nor does a restless one that comes later change that.
  quiet.add(p50Trial(6, 300));
  assert.equal(quiet.isPrecise(0.1), true);
});

test("a precision asks for three trials at least", () => {
  assert.equal(stateWith([100, 100]).isPrecise(10), false);
  assert.equal(stateWith([100, 100, 100]).isPrecise(10), true);
});

test("a cell keeps the trials and remarks of the run that it continues, and measures only the others", () => {
  const before = stateWith([100, 101, 102]);
  before.remark({ code: "no-long-payloads", severity: "warning", cause: "target", message: "it refuses them" });
  const earlier = before.result as MeasuredCell;
  const { planned } = before;
  const state = new CellState(planned, { loadAverage: 0, cores: 2 }, earlier);
  assert.deepEqual(state.numbers, [1, 2, 3]);
  assert.deepEqual(
    [2, 3, 4, 5].map((trial) => state.wants(trial, 4, 0)),
    [false, false, true, true],
  );
  assert.equal(state.trialsLeft(1, 4), 1);
  assert.deepEqual(state.result, earlier);
  state.retain(new Set([1, 3]));
  assert.ok(state.wants(2, 4, 0));
});
