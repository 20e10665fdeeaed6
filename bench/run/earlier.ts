/** What a run that was cut short leaves to the one that continues it: trials that need not be measured again. */
import { isDeepStrictEqual } from "node:util";
import { cellKey, measured } from "../../results/contract/cells.ts";
import type { MeasuredCell, Results } from "../../results/contract/results.ts";
import { describeEnvironment } from "../environment/environment.ts";
import type { CellPlan } from "../experiments/contract/experiment.ts";
import type { CellState, PlannedCell } from "./cell-state.ts";
import { componentsOf } from "./components.ts";

/** What the earlier run measured of a cell, where it was asked the same of it. */
export function measuredIn(earlier: Results | undefined): (planned: PlannedCell) => MeasuredCell | undefined {
  const found = new Map((earlier?.cells ?? []).map((cell) => [cellKey(cell), cell]));
  return ({ experiment, cell: { target, variant, parameters } }) => {
    const identity = { target: target.label, scenario: experiment.name, ...(variant !== undefined && { variant }) };
    const cell = measured(found.get(cellKey(identity)));
    return cell !== undefined && isDeepStrictEqual(cell.parameters, asWritten(parameters)) ? cell : undefined;
  };
}

const asWritten = (parameters: CellPlan["parameters"]): unknown => JSON.parse(JSON.stringify(parameters));

/** Nobody compares across a link or an application, and a set has the processes of all its cells alive. */
export const conditionsOf = ({ cell: { parameters } }: PlannedCell): string =>
  JSON.stringify([parameters.link, parameters.profile]);

/** Trials of one number met the same moments: what some cell of a set has not seen the end of, all of them measure again. */
export function retainWholeSets(states: readonly CellState[]): void {
  const inTurn = states.filter(({ stopped, planned }) => !stopped && planned.experiment.isolation === "in-turn");
  for (const set of Map.groupBy(inTurn, ({ planned }) => conditionsOf(planned)).values()) {
    const whole = set[0]!.numbers.filter((number) => set.every(({ numbers }) => numbers.includes(number)));
    for (const state of set) state.retain(new Set(whole));
  }
}

/** Programs of both, and the heavier load of the two: some trials met it. */
export function environmentOf(cells: readonly CellPlan[], earlier: Results | undefined): Results["environment"] {
  const own = describeEnvironment(componentsOf(cells));
  if (earlier === undefined) return own;
  const { components, loadAverage } = earlier.environment;
  return {
    ...own,
    components: { ...components, ...own.components },
    loadAverage: Math.max(loadAverage, own.loadAverage),
  };
}

/** The earlier run, and those it continued itself. */
export const runsBefore = ({ continues = [], startedAt, finishedAt }: Results): NonNullable<Results["continues"]> => [
  ...continues,
  { startedAt, finishedAt },
];
