/** One number of one cell, with everything that decides how it may be shown. */
import { formatInterval } from "./format.ts";
import { type Metric, metricNamed } from "./metrics.ts";
import type { Notes } from "./notes.ts";
import type { Cell, Comparison, Interval, ScenarioName } from "./results.ts";
import type { ReportView, TargetRow } from "./view.ts";

/** The truth lies at or above, or at or below, the interval. */
export type Bound = "at-least" | "at-most";

export type Reading =
  | { readonly kind: "value"; readonly interval: Interval; readonly bound?: Bound | undefined; readonly why?: string }
  | { readonly kind: "absent"; readonly why: string }
  | { readonly kind: "invalid"; readonly why: string };

const generatorLimit =
  "generator-bound: the load generator was the limit, so rates are lower bounds (≥) and delays upper bounds (≤)";

/** Reads a metric from a cell in any state; never a number that must not be believed. */
export function readMetric(cell: Cell | undefined, metricName: string): Reading {
  if (cell === undefined) return { kind: "absent", why: "not part of this run" };
  if (cell.state !== "measured") return { kind: "absent", why: `${cell.state}: ${cell.reason}` };
  const { verdict, flags } = cell.validity;
  if (verdict === "invalid") {
    const fatal = flags.filter(({ severity }) => severity === "fatal");
    return { kind: "invalid", why: `invalid: ${fatal.map(({ message }) => message).join("; ")}` };
  }
  const metric = metricNamed(metricName);
  const interval = cell.summary[metricName];
  if (interval === undefined) return { kind: "absent", why: metric.absence };
  return verdict === "generator-bound" ? boundedReading(metric, interval) : { kind: "value", interval };
}

function boundedReading({ whenGeneratorBound }: Metric, interval: Interval): Reading {
  if (whenGeneratorBound === "unknown") return { kind: "absent", why: generatorLimit };
  return whenGeneratorBound === undefined
    ? { kind: "value", interval }
    : { kind: "value", interval, bound: whenGeneratorBound, why: generatorLimit };
}

const boundSign = { "at-least": "≥ ", "at-most": "≤ " } as const;

/** `≥ `, `≤ ` or nothing. */
export const signOf = (bound: Bound | undefined): string => (bound === undefined ? "" : boundSign[bound]);

/** A reading as a table cell: the number with its interval, or a dash or `invalid` with a mark. */
export function showReading(
  reading: Reading,
  unit: Metric["unit"],
  notes: Notes,
  escaped: (text: string) => string,
): string {
  const mark = "why" in reading && reading.why !== undefined ? notes.mark(escaped(reading.why)) : "";
  if (reading.kind === "absent") return `–${mark}`;
  if (reading.kind === "invalid") return `invalid${mark}`;
  return `${signOf(reading.bound)}${formatInterval(reading.interval, unit)}${mark}`;
}

/** The comparison of a target with the reference, if there is one. */
export const comparisonOf = (
  { results }: ReportView,
  row: TargetRow,
  scenario: ScenarioName,
  metric: string,
): Comparison | undefined =>
  results.comparisons.find(
    (comparison) =>
      comparison.target === row.target && comparison.scenario === scenario && comparison.metric === metric,
  );
