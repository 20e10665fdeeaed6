import type { Interval, MeasuredCell, Trial } from "../contract/results.ts";
import { metrics } from "../metrics/metrics.ts";
import type { Unit } from "../quantities/format.ts";
import { medianInterval } from "../statistics/intervals.ts";
import { median } from "../statistics/moments.ts";

/**
 * One interval per metric, from per-trial values: the trial is the unit of analysis. A metric that not every trial can
 * tell is left out.
 */
export function summarise(trials: readonly Pick<Trial, "measures">[]): MeasuredCell["summary"] {
  const summary: MeasuredCell["summary"] = {};
  for (const { name, unit } of metrics) {
    const values = trials.map(({ measures }) => measures[name]).filter((value) => value !== undefined);
    if (trials.length > 0 && values.length === trials.length) summary[name] = intervalOf(values, unit);
  }
  return summary;
}

const counted: ReadonlySet<Unit> = new Set(["messages", "count", "share"]);

/** The one rule for the interval of a metric. Counts, shares, and what else can be 0, have the lowest and the highest trial. */
export const intervalOf = (values: readonly number[], unit: Unit): Interval =>
  counted.has(unit) || values.some((value) => value <= 0) ? spread(values) : medianInterval(values);

/** Median, lowest and highest. */
export const spread = (values: readonly number[]): Interval => ({
  value: median(values),
  low: Math.min(...values),
  high: Math.max(...values),
});
