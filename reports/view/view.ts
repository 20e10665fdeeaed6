/** Results in the shape reports ask for: one row per target, in the order of the run. */

import {
  type Capacity,
  type Cell,
  type MeasuredCell,
  type Parameters,
  type ProtocolInfo,
  type Results,
  type ScenarioName,
  scenarioNames,
} from "../../results/contract/results.ts";
import { completeTrials } from "../../results/contract/trials.ts";
import { formatDuration } from "../../results/quantities/format.ts";
import { oneLine } from "../text/markdown.ts";

export interface TargetRow {
  /** As given on the command line: the key. */
  readonly target: string;
  /** As a report calls it, not escaped: `WebSocket`, `Short polling every 100 ms`, `websocket=ws://host/`. */
  readonly name: string;
  readonly protocol: string;
  /** Absent for a protocol these results do not describe. */
  readonly info: ProtocolInfo | undefined;
  readonly cells: ReadonlyMap<ScenarioName, Cell>;
  /** Where the run was a knee search. */
  readonly capacity: Capacity | undefined;
}

export interface ReportView {
  readonly results: Results;
  readonly rows: readonly TargetRow[];
  /** Scenarios that have at least one cell. */
  readonly scenarios: readonly ScenarioName[];
  /** The target that ratios refer to; undefined where nothing is compared. */
  readonly reference: TargetRow | undefined;
  /** Most complete trials any cell has. */
  readonly trials: number;
}

export function viewOf(results: Results): ReportView {
  const measured = [...results.cells, ...(results.capacities ?? [])];
  const rows = [...Map.groupBy(measured, ({ target }) => target)].map(([target, [first]]): TargetRow => {
    const { protocol, parameters } = first!;
    const info = results.protocols.find(({ name }) => name === protocol);
    const cells = results.cells.filter((cell) => cell.target === target);
    return {
      target,
      name: nameOf(target, info, parameters),
      protocol,
      info,
      cells: new Map(cells.map((cell) => [cell.scenario, cell])),
      capacity: results.capacities?.find((capacity) => capacity.target === target),
    };
  });
  const reference = results.comparisons[0]?.reference;
  return {
    results,
    rows,
    scenarios: scenarioNames.filter((scenario) => results.cells.some((cell) => cell.scenario === scenario)),
    reference: rows.find(({ target }) => target === reference),
    trials: Math.max(0, ...results.cells.map((cell) => (cell.state === "measured" ? completeTrials(cell).length : 0))),
  };
}

/** A poll interval decides what a polling target can do, so it is part of its name. */
function nameOf(target: string, info: ProtocolInfo | undefined, { pollIntervalMs }: Parameters): string {
  const base = info !== undefined && target === info.name ? info.title : oneLine(target);
  return pollIntervalMs === undefined ? base : `${base} every ${formatDuration(pollIntervalMs)}`;
}

/** The cell if it was measured. */
export function measuredCell(row: TargetRow, scenario: ScenarioName): MeasuredCell | undefined {
  const cell = row.cells.get(scenario);
  return cell?.state === "measured" ? cell : undefined;
}

/** The cell if its numbers may be believed. */
export function usableCell(row: TargetRow, scenario: ScenarioName): MeasuredCell | undefined {
  const cell = measuredCell(row, scenario);
  return cell?.validity.verdict === "invalid" ? undefined : cell;
}

/** Whether the target is the floor with the server this project brings. */
export const isFloor = (row: TargetRow | undefined): boolean =>
  row?.info?.floor === true && row.target === row.protocol;

/** What ratios are called: the bare TCP target is the floor every other protocol stands on. */
export const referenceTitle = ({ reference }: ReportView): string =>
  isFloor(reference) ? "floor" : (reference?.name ?? "");
