/** Whether two results may be compared: only what was measured may differ, not how or on what. */

import { cellKey, completeTrials } from "../contract/cells.ts";
import type { Cell, Results } from "../contract/results.ts";
import { formatMemory, plural } from "../quantities/format.ts";
import { trialsForIntervalMin } from "../statistics/intervals.ts";

/** `totalmem` moves by a few pages from boot to boot. */
const memoryTolerance = 0.01;

/** Every reason not to compare, each a sentence; empty where the two are comparable. */
export function differencesBetween(before: Results, after: Results): string[] {
  return [...machineDifferences(before, after), ...cellDifferences(before, after)];
}

/** What differs beside and may explain a change: versions of what was measured. */
export function remarksOn(before: Results, after: Results): string[] {
  const names = new Set([...Object.keys(before.environment.components), ...Object.keys(after.environment.components)]);
  return [
    ...differs("runtime", before.environment.runtime, after.environment.runtime),
    ...differs("wirebench", versionOf(before), versionOf(after)),
    ...[...names].flatMap((name) =>
      differs(name, before.environment.components[name] ?? "absent", after.environment.components[name] ?? "absent"),
    ),
  ];
}

const versionOf = ({ tool }: Results): string => `${tool.version} (${tool.commit ?? "unknown commit"})`;

const differs = (what: string, a: string | number, b: string | number): string[] =>
  a === b ? [] : [`${what}: ${a} in A, ${b} in B`];

function machineDifferences({ environment: a }: Results, { environment: b }: Results): string[] {
  const sameMemory = Math.abs(a.memoryBytes / b.memoryBytes - 1) <= memoryTolerance;
  return [
    ...differs("cpu", a.cpu, b.cpu),
    ...differs("cores", a.cores, b.cores),
    ...(sameMemory ? [] : [`memory: ${formatMemory(a.memoryBytes)} in A, ${formatMemory(b.memoryBytes)} in B`]),
    ...differs("operating system", a.os, b.os),
    ...differs("runtime major version", majorOf(a.runtime), majorOf(b.runtime)),
  ];
}

/** `Node.js v24.1.0` without what comes after the first dot of the version. */
const majorOf = (runtime: string): string => /^.*?\d+(?=\.)/.exec(runtime)?.[0] ?? runtime;

function cellDifferences(before: Results, after: Results): string[] {
  const byKey = new Map(after.cells.map((cell) => [cellKey(cell), cell]));
  const keys = new Set(before.cells.map(cellKey));
  return [
    ...before.cells.flatMap((cell) => {
      const other = byKey.get(cellKey(cell));
      return other === undefined ? [`${cellKey(cell)}: missing in B`] : differencesOfCells(cell, other);
    }),
    ...after.cells.flatMap((cell) => (keys.has(cellKey(cell)) ? [] : [`${cellKey(cell)}: missing in A`])),
  ];
}

function differencesOfCells(a: Cell, b: Cell): string[] {
  const prefix = cellKey(a);
  const states = a.state === b.state ? [] : [`${prefix}: ${stateOf(a)} in A, ${stateOf(b)} in B`];
  return [
    ...states,
    ...parameterDifferences(prefix, a, b),
    ...tooFewTrials(prefix, "A", a),
    ...tooFewTrials(prefix, "B", b),
  ];
}

const stateOf = (cell: Cell): string => (cell.state === "measured" ? "measured" : `${cell.state} (${cell.reason})`);

function parameterDifferences(prefix: string, a: Cell, b: Cell): string[] {
  const [before, after] = [flatten(a.parameters), flatten(b.parameters)];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => differs(`${prefix}: ${name}`, before[name] ?? "absent", after[name] ?? "absent"));
}

/** Parameters by name, those of the load as `load.kind` and so on. */
const flatten = (parameters: object, prefix = ""): Record<string, string> =>
  Object.fromEntries(
    Object.entries(parameters).flatMap(([name, value]: [string, unknown]) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.entries(flatten(value, `${prefix}${name}.`))
        : [[`${prefix}${name}`, Array.isArray(value) ? JSON.stringify(value) : String(value)]],
    ),
  );

function tooFewTrials(prefix: string, file: "A" | "B", cell: Cell): string[] {
  if (cell.state !== "measured") return [];
  const { length } = completeTrials(cell);
  if (length >= trialsForIntervalMin) return [];
  return [
    `${prefix}: ${plural(length, "trial")} in ${file}, at least ${trialsForIntervalMin} are needed to tell a change from chance`,
  ];
}
