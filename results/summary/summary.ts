import type { Absence, Flag, Interval, MeasuredCell, Parameters, Summarised, Trial } from "../contract/results.ts";
import { delayStatisticOf } from "../metrics/metric.ts";
import { type Metric, type MetricName, metrics } from "../metrics/metrics.ts";
import { formatRange, plural, type Unit } from "../quantities/format.ts";
import { medianInterval } from "../statistics/intervals.ts";
import { median } from "../statistics/moments.ts";
import { type LimitContext, limitOf, withLimit } from "./bounds.ts";
import { neverBecause, pooledUs, RecordedDelays, type TrialDelays, trialsUs } from "./recorded-delays.ts";

/** What a cell's trials come to. */
export type Summary = Pick<MeasuredCell, "summary" | "absences">;

export type SummarisedTrial = Pick<Trial, "measures" | "windows" | "histograms">;

/** What decides how a cell's trials are summarised. */
export interface CellContext {
  /** Of the cell: some make bounds of numbers. */
  readonly flags?: readonly Flag[];
  /** Of the cell: without them it is not known whether a rate was the server's or what it was given. */
  readonly parameters?: Parameters;
  /** What its experiment measures; absent means everything. */
  readonly listed?: readonly MetricName[];
  /** So many trials decided how many there are, see `medianInterval`; absent where the number was fixed. */
  readonly pilot?: number | undefined;
}

/** A metric of a cell: a number, why there is none, or nothing where a trial cannot tell. */
type Found = { readonly number: Summarised } | { readonly absence: Absence } | undefined;

/**
 * One interval per metric. Centres are medians of one value per trial, the unit of analysis: a metric that not every trial
 * can tell is left out. Tails are of all messages of all trials together, so that no trial is thrown away.
 */
export function summarise(
  trials: readonly SummarisedTrial[],
  { flags = [], listed, pilot, parameters }: CellContext = {},
): Summary {
  const summary: Record<string, Summarised> = {};
  const absences: Record<string, Absence> = {};
  const delays = new RecordedDelays(trials);
  const context = { trials, flags, parameters, delays };
  for (const metric of metrics) {
    if (trials.length === 0 || listed?.includes(metric.name) === false) continue;
    const found = limited(metric, numberOf(metric, trials, delays, pilot), context);
    if (found === undefined) continue;
    if ("absence" in found) absences[metric.name] = found.absence;
    else summary[metric.name] = found.number;
  }
  return { summary, ...(Object.keys(absences).length > 0 && { absences }) };
}

function limited(metric: Metric, found: Found, context: LimitContext): Found {
  if (found === undefined || ("absence" in found && found.absence.kind === "never")) return found;
  const limit = limitOf(metric, context);
  if (limit === undefined || "absence" in limit) return limit ?? found;
  // What is unsettled can still be compared, trial by trial; not so if its trials are bounds.
  if ("absence" in found) return { absence: { ...found.absence, kind: "unknown" } };
  return { number: withLimit(found.number, limit) };
}

function numberOf(
  { name, unit }: Metric,
  trials: readonly SummarisedTrial[],
  recorded: RecordedDelays,
  pilot: number | undefined,
): Found {
  const statistic = delayStatisticOf(name);
  const delays = statistic && recorded.of(statistic.delay);
  if (delays !== undefined && statistic!.percentile > 50) return tailOf(delays, statistic!.percentile);
  const values = trials.flatMap(({ measures }) => measures[name] ?? []);
  if (values.length === trials.length) return middleOf(values, unit, pilot);
  const isNever = delays !== undefined && trialsUs(delays, statistic!.percentile).includes(Number.POSITIVE_INFINITY);
  return isNever ? { absence: { kind: "never", why: neverBecause(delays) } } : undefined;
}

/** An interval that reaches from a fifth to five times its middle tells nobody what to expect. */
const settledRatioMax = 25;

function middleOf(values: readonly number[], unit: Unit, pilot: number | undefined): Found {
  const number = intervalOf(values, unit, pilot);
  if (unit === "memory" && number.low < 0) return withinNoise(values, number);
  if (!hasConfidence(values, unit) || number.high <= settledRatioMax * number.low) return { number };
  const range = formatRange(Math.min(...values), Math.max(...values), unit);
  const why = `not settled: its ${plural(values.length, "trial")} lie at ${range}, too far apart for a middle`;
  return { absence: { kind: "unsettled", why } };
}

/** Memory that is worked out of readings: where noise lets it shrink, what is known is the most that it may be. */
function withinNoise(values: readonly number[], number: Interval): Found {
  const { low, high } = number;
  if (high <= 0) return { number: { ...number, why: "within the noise: it did not grow" } };
  const range = formatRange(low, high, "memory");
  const why = `within the noise: the ${plural(values.length, "trial")} lie at ${range}, and this is the most of them`;
  return { number: { value: high, low: high, high, bound: "at-most", why } };
}

/**
 * Of all messages together, with the lowest and the highest trial: no confidence level is claimed. Messages of one trial
 * are late together, so what holds for independent samples would promise too much of a tail.
 */
function tailOf(delays: TrialDelays, percentile: number): Found {
  const value = pooledUs(delays, percentile);
  if (value === undefined) return undefined;
  if (value === Number.POSITIVE_INFINITY) return { absence: { kind: "never", why: neverBecause(delays) } };
  const all = [value, ...trialsUs(delays, percentile)];
  const finite = all.filter(Number.isFinite);
  const interval = { value, low: Math.min(...finite), high: Math.max(...finite) };
  if (finite.length === all.length) return { number: interval };
  const why = `in ${all.length - finite.length} of ${delays.trials.length} trials so many messages never came that this percentile is infinite`;
  return { number: { ...interval, bound: "at-least", why } };
}

const counted: ReadonlySet<Unit> = new Set(["messages", "count", "share"]);

/** The one rule for the interval of a metric. Counts, shares, and what else can be 0, have the lowest and the highest trial. */
export const intervalOf = (values: readonly number[], unit: Unit, pilot = values.length): Interval =>
  hasConfidence(values, unit) ? medianInterval(values, pilot) : spread(values);

const hasConfidence = (values: readonly number[], unit: Unit): boolean =>
  !counted.has(unit) && values.every((value) => value > 0);

/** Median, lowest and highest. */
export const spread = (values: readonly number[]): Interval => ({
  value: median(values),
  low: Math.min(...values),
  high: Math.max(...values),
});
