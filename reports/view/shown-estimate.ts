/** How a number of a cell is shown, and what was expected of it. */
import { usable } from "../../results/contract/cells.ts";
import type { Comparison, Prediction } from "../../results/contract/results.ts";
import { type Metric, type MetricName, metricNamed, metrics } from "../../results/metrics/metrics.ts";
import { formatInterval, formatQuantity, formatRange, plural, type Unit } from "../../results/quantities/format.ts";
import { type Estimate, estimateOf, signOf } from "../../results/summary/estimate.ts";
import type { Notes } from "../text/notes.ts";
import type { CellView, ExperimentView, PredictionView, ReportView, TargetRow } from "./view.ts";

/** An estimate as a table cell: the number with its interval, or a dash or `invalid` with a mark. */
export function showEstimate(estimate: Estimate, unit: Unit, notes: Notes, escaped: (text: string) => string): string {
  const mark = "why" in estimate && estimate.why !== undefined ? notes.mark(escaped(estimate.why)) : "";
  if (estimate.kind === "absent") return `–${mark}`;
  if (estimate.kind !== "value") return `${estimate.kind}${mark}`;
  return `${signOf(estimate.bound)}${formatInterval(estimate.interval, unit)}${mark}`;
}

/** The middle of the trials, if it may be believed. */
export function middleOf({ cell }: CellView, metric: MetricName): number | undefined {
  const estimate = estimateOf(cell, metric);
  return estimate.kind === "value" ? estimate.interval.value : undefined;
}

/** The middle of the trials with its interval in words, if it may be believed. */
export function wordsOf({ cell }: CellView, metric: MetricName): string | undefined {
  const estimate = estimateOf(cell, metric);
  if (estimate.kind !== "value") return undefined;
  return `${signOf(estimate.bound)}${formatInterval(estimate.interval, metricNamed(metric).unit)}`;
}

/** Every metric some usable cell of the experiment has, in the order of the table. */
export const metricsOf = ({ cells }: ExperimentView): Metric[] =>
  metrics.filter(({ name }) => cells.some(({ cell }) => usable(cell)?.summary[name] !== undefined));

/** The comparison of a target with the reference, if there is one. */
export const comparisonOf = (
  { results }: ReportView,
  row: TargetRow,
  scenario: string,
  metric: MetricName,
): Comparison | undefined =>
  results.comparisons.find(
    (comparison) =>
      comparison.target === row.info.label &&
      comparison.scenario === scenario &&
      comparison.variant === undefined &&
      comparison.metric === metric,
  );

/** `33.3 %`, `at most 2.00 s`, `30.0–36.7 %`: what a prediction allows. An end that is absent is not part of it, nor a delay of nothing. */
export function expectedInWords({ low, high }: Prediction["expected"], unit: Unit): string {
  const isOpenBelow = low === undefined || (low === 0 && high !== 0 && formatQuantity(0, unit).startsWith("<"));
  if (!isOpenBelow && high !== undefined) return formatRange(low, high, unit);
  if (high !== undefined) return `at most ${formatQuantity(high, unit)}`;
  return low === undefined ? "any number" : `at least ${formatQuantity(low, unit)}`;
}

/** What a prediction was held against: all trials, or where the summary does not show it, the one that decided. */
export function measuredInWords(found: PredictionView): string {
  const { measured, metric } = found.prediction;
  const { name } = metricNamed(metric);
  const estimate = estimateOf(found.cell.cell, name);
  const covered =
    measured !== undefined &&
    estimate.kind === "value" &&
    measured >= estimate.interval.low &&
    measured <= estimate.interval.high;
  return covered ? wordsOf(found.cell, name)! : decidingInWords(found);
}

/** The trial that decided about a prediction alone: that furthest from what was expected. */
export function decidingInWords({ cell: { cell }, prediction: { measured, metric } }: PredictionView): string {
  if (usable(cell) === undefined) return "invalid";
  if (measured === undefined) return "–";
  const { name, unit } = metricNamed(metric);
  const estimate = estimateOf(cell, name);
  const sign = estimate.kind === "value" ? signOf(estimate.bound) : "";
  return `${sign}${formatQuantity(measured, unit)}`;
}

export const verdictWords: Record<Prediction["verdict"], string> = {
  held: "held",
  failed: "did not hold",
  "cannot-tell": "cannot tell",
  "not-measured": "not measured",
};

/** How many predictions there are of each verdict, in words: `12 of 13 predictions held, 1 did not hold`. */
export function tallyOf(predictions: readonly PredictionView[]): string {
  const count = (verdict: Prediction["verdict"]): number =>
    predictions.filter((found) => found.verdict === verdict).length;
  return [
    `${count("held")} of ${plural(predictions.length, "prediction")} held`,
    ...(count("failed") > 0 ? [`${count("failed")} did not hold`] : []),
    ...(count("cannot-tell") > 0 ? [`${count("cannot-tell")} cannot be told`] : []),
    ...(count("not-measured") > 0 ? [`${count("not-measured")} could not be measured`] : []),
  ].join(", ");
}

/** What a failed, missing or invalid cell is, and why; undefined where its numbers may be used. */
export function whyUnusable({ cell }: CellView): string | undefined {
  if (cell.state !== "measured") return `${cell.state.replace("-", " ")}: ${cell.reason}`;
  const { verdict, flags } = cell.validity;
  if (verdict !== "invalid") return undefined;
  return `invalid: ${flags.flatMap(({ severity, message }) => (severity === "fatal" ? message : [])).join("; ")}`;
}
