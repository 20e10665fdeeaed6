import type { Absence, Flag, Interval, MeasuredCell, Summarised, Trial } from "../contract/results.ts";
import { metrics } from "../metrics/metrics.ts";
import type { Unit } from "../quantities/format.ts";
import { medianInterval } from "../statistics/intervals.ts";
import { median } from "../statistics/moments.ts";
import { limitOf } from "./bounds.ts";

/** What a cell's trials come to. */
export type Summary = Pick<MeasuredCell, "summary" | "absences">;

/**
 * One interval per metric, from per-trial values: the trial is the unit of analysis. A metric that not every trial can
 * tell is left out. `flags` are the cell's: they decide what is a bound only.
 */
export function summarise(trials: readonly Pick<Trial, "measures">[], flags: readonly Flag[] = []): Summary {
  const summary: Record<string, Summarised> = {};
  const absences: Record<string, Absence> = {};
  for (const metric of metrics) {
    const { name, unit } = metric;
    const values = trials.map(({ measures }) => measures[name]).filter((value) => value !== undefined);
    if (trials.length === 0 || values.length < trials.length) continue;
    const limit = limitOf(metric, flags);
    if (limit !== undefined && "absence" in limit) absences[name] = limit.absence;
    else summary[name] = { ...intervalOf(values, unit), ...limit };
  }
  return { summary, ...(Object.keys(absences).length > 0 && { absences }) };
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
