import type { Interval, MeasuredCell, Parameters, Trial } from "../contract/results.ts";
import { metrics } from "../metrics/metrics.ts";
import { medianInterval } from "../statistics/intervals.ts";
import { median } from "../statistics/moments.ts";

/**
 * One interval per metric, from per-trial values: the trial is the unit of analysis. A metric that not every trial
 * can tell is left out. Counts, and what else can be 0, have the lowest and the highest trial for their interval.
 */
export function summarise(trials: readonly Trial[], parameters: Parameters): MeasuredCell["summary"] {
  const summary: MeasuredCell["summary"] = {};
  for (const { name, unit, read } of metrics) {
    const values = trials.map((trial) => read(trial, parameters)).filter((value) => value !== undefined);
    if (values.length < trials.length) continue;
    const positive = unit !== "messages" && values.every((value) => value > 0);
    summary[name] = positive ? medianInterval(values) : spread(values);
  }
  return summary;
}

/** Median, lowest and highest. */
export const spread = (values: readonly number[]): Interval => ({
  value: median(values),
  low: Math.min(...values),
  high: Math.max(...values),
});
