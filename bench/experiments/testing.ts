/** One trial, as tests of experiments need it. */
import type { Capture } from "../../results/contract/capture.ts";
import type { Prediction, Window } from "../../results/contract/results.ts";
import type { Measures } from "../../results/metrics/metrics.ts";
import { holdAgainst } from "../../results/summary/predictions.ts";
import type { Rig, RigContext, RigRecord } from "../rigs/rig.ts";
import type { CellPlan, Experiment } from "./contract/experiment.ts";

export interface TestTrial {
  readonly measures: Measures;
  readonly windows: readonly Window[];
  readonly captures: readonly Capture[];
  readonly record: RigRecord;
  readonly predictions: readonly Prediction[];
}

/** Measures the cell once, and holds what it expects against that. */
export async function measureOnce<Cell extends CellPlan, On extends Rig>(
  experiment: Pick<Experiment<Cell, On>, "open" | "measure">,
  cell: Cell,
  context: RigContext,
): Promise<TestTrial> {
  await using rig = await experiment.open(cell, context);
  return await measureOn(rig, experiment, cell);
}

/** The same on a rig that is open: of cells whose systems do not differ, one does for all. */
export async function measureOn<Cell extends CellPlan, On extends Rig>(
  rig: On,
  { measure }: Pick<Experiment<Cell, On>, "measure">,
  cell: Cell,
): Promise<TestTrial> {
  const windows: Window[] = [];
  const measuring = measure(rig, cell);
  let step = await measuring.next();
  for (; step.done !== true; step = await measuring.next()) windows.push(step.value);
  const { measures, captures = [] } = step.value;
  const predictions = cell.expectations.map((expectation) => holdAgainst(expectation, [{ measures }]));
  return { measures, windows, captures, record: await rig.record(), predictions };
}
