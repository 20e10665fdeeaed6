import { metrics } from "./metrics.ts";
import type { Interval, MeasuredCell, Parameters, Trial } from "./results.ts";

/**
 * One interval per metric, from per-trial values: the trial is the unit of analysis. A metric that not every trial
 * can tell is left out.
 */
export function summarise(trials: readonly Trial[], parameters: Parameters): MeasuredCell["summary"] {
  const summary: MeasuredCell["summary"] = {};
  for (const { name, read } of metrics) {
    const values = trials.map((trial) => read(trial, parameters));
    if (values.every((value) => value !== undefined)) summary[name] = spread(values);
  }
  return summary;
}

/** Median, lowest and highest. */
export function spread(values: readonly number[]): Interval {
  const sorted = [...values].sort((a, b) => a - b);
  return { value: median(sorted), low: sorted[0]!, high: sorted.at(-1)! };
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
