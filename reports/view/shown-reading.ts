/** How a reading is shown. */
import type { Comparison, ScenarioName } from "../../results/contract/results.ts";
import type { Metric } from "../../results/metrics/metrics.ts";
import { formatInterval } from "../../results/quantities/format.ts";
import { type Reading, signOf } from "../../results/summary/reading.ts";
import type { Notes } from "../text/notes.ts";
import type { ReportView, TargetRow } from "./view.ts";

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
