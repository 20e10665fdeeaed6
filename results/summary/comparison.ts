/** Targets set beside each other, each pair by its own trials alone: how restless any other target is has no part in it. */
import { completeTrials } from "../contract/cells.ts";
import type { Cell, Comparison, MeasuredCell } from "../contract/results.ts";
import { type Metric, type MetricName, metricNamed, metrics } from "../metrics/metrics.ts";
import { type Decision, decide } from "../statistics/decide.ts";
import { independentInterval, medianInterval, pairedInterval, trialsForIntervalMin } from "../statistics/intervals.ts";
import { median } from "../statistics/moments.ts";
import { type Bound, estimateOf } from "./estimate.ts";

/** What targets are compared by in a cell. */
export const comparedIn = (cell: Cell): Metric[] =>
  cell.state !== "measured"
    ? []
    : metrics.filter(
        ({ name, compared }) =>
          hasTrials(cell, name) && (compared === true || compared === `${cell.parameters.load?.kind} loop`),
      );

/** Trials that agree on no middle may still be told from those of another target. */
const hasTrials = ({ summary, absences }: MeasuredCell, metric: MetricName): boolean =>
  summary[metric] !== undefined || absences?.[metric]?.kind === "unsettled";

/** What two samples say of each other. */
export interface Judgement extends Pick<Comparison, "ratio" | "sets" | "bound" | "verdict"> {
  /** Which way the number itself lies, whatever is better. */
  readonly direction: Decision;
}

export interface PairComparison extends Comparison, Pick<Judgement, "direction"> {}

/** The believable trials of a cell in one metric. */
export interface Sample {
  /** By the number of the trial: trials of one number were measured side by side. */
  readonly values: ReadonlyMap<number, number>;
  readonly bound: Bound | undefined;
  /** What the truth may be, as a factor of what was measured: 1 and 1 where it is no bound. */
  readonly truth: { readonly low: number; readonly high: number };
}

/** Every pair of targets in every compared metric. A pair with the reference in it is the other over the reference. */
export function comparePairs(cells: readonly Cell[], reference: string | undefined): PairComparison[] {
  const alike = Map.groupBy(cells, ({ scenario, variant }) => JSON.stringify([scenario, variant]));
  return [...alike.values()].flatMap((own) => {
    const asked = new Set(own.flatMap(comparedIn).map(({ name }) => name));
    const { scenario, variant } = own[0]!;
    const sorted = own.toSorted((a, b) => Number(b.target === reference) - Number(a.target === reference));
    return [...asked].flatMap((name) => {
      const about = { scenario, ...(variant !== undefined && { variant }), metric: name };
      return pairsIn(sorted, metricNamed(name)).map((pair) => ({ ...about, ...pair }));
    });
  });
}

/** Every believable cell against the reference's cell of the same experiment. */
export const compareWithReference = (cells: readonly Cell[], reference: string): Comparison[] =>
  comparePairs(cells, reference)
    .filter((pair) => pair.reference === reference)
    .map(({ direction: _, ...comparison }) => comparison);

function pairsIn(cells: readonly Cell[], metric: Metric): Omit<PairComparison, "scenario" | "variant" | "metric">[] {
  const entries = cells.flatMap(({ target }, index) => {
    const sample = sampleOf(cells[index]!, metric);
    return sample === undefined ? [] : [{ target, sample }];
  });
  return entries.flatMap(({ target, sample }, index) =>
    entries.slice(0, index).flatMap((base) => {
      const judgement = judgePair(metric, sample, base.sample);
      return judgement === undefined ? [] : [{ reference: base.target, target, ...judgement }];
    }),
  );
}

/** Undefined for a cell whose numbers must not be believed, and where a trial cannot tell or a ratio has no meaning. */
export function sampleOf(cell: Cell, metric: Metric): Sample | undefined {
  const estimate = estimateOf(cell, metric.name);
  if ((estimate.kind !== "value" && estimate.kind !== "unsettled") || cell.state !== "measured") return undefined;
  const trials = completeTrials(cell);
  if (trials.some(({ flags }) => flags.some(({ code }) => code === metric.notComparedIf))) return undefined;
  const values = trials.flatMap(({ trial, measures }) => {
    const value = measures[metric.name];
    return value !== undefined && value > 0 ? [[trial, value] as const] : [];
  });
  if (values.length < trials.length) return undefined;
  if (estimate.kind === "unsettled") return { values: new Map(values), bound: undefined, truth: { low: 1, high: 1 } };
  const { bound, upTo = Number.POSITIVE_INFINITY, interval } = estimate;
  const truth = {
    low: bound === "at-most" ? 0 : 1,
    high: bound === "at-least" ? Math.max(1, upTo / interval.value) : 1,
  };
  return { values: new Map(values), bound, truth };
}

/** Paired over the sets that both were measured in; undefined where two bounds leave nothing to say. */
export function judgePair(metric: Metric, target: Sample, base: Sample): Judgement | undefined {
  const ratios = [...target.values].flatMap(([trial, value]) => {
    const other = base.values.get(trial);
    return other === undefined ? [] : [value / other];
  });
  const paired = pairedInterval(ratios);
  if (paired !== undefined) return judgeRatio(metric, { ...paired, sets: ratios.length }, target, base);
  return judgeIndependent(metric, target, base);
}

/** As if no two trials had anything to do with each other. */
export function judgeIndependent(metric: Metric, target: Sample, base: Sample, level?: number): Judgement | undefined {
  const [values, others] = [[...target.values.values()], [...base.values.values()]];
  const interval = independentInterval(values, others, level);
  const measured = interval ?? { value: median(values) / median(others), low: undefined, high: undefined };
  return judgeRatio(metric, { ...measured, sets: 0 }, target, base);
}

/** Whether a number that is a ratio by itself differs from 1. */
export function judgeAgainstOne(metric: Metric, sample: Sample): Judgement | undefined {
  const ratios = [...sample.values.values()];
  const certain: Sample = { values: new Map(), bound: undefined, truth: { low: 1, high: 1 } };
  // The number is a metric of its own: it is said as its summary says it.
  const measured =
    ratios.length < trialsForIntervalMin
      ? { value: median(ratios), low: undefined, high: undefined }
      : medianInterval(ratios);
  return judgeRatio(metric, { ...measured, sets: ratios.length }, sample, certain);
}

interface MeasuredRatio {
  readonly value: number;
  readonly low: number | undefined;
  readonly high: number | undefined;
  readonly sets: number;
}

/**
 * In the words of the metric. Where a side is a bound, the interval is widened to where the truth may be, so that no
 * verdict rests on the side it may not lie on.
 */
function judgeRatio(metric: Metric, measured: MeasuredRatio, target: Sample, base: Sample): Judgement | undefined {
  const { value, sets } = measured;
  const truth = { low: target.truth.low / base.truth.high, high: target.truth.high / base.truth.low };
  if (truth.low === 0 && truth.high === Number.POSITIVE_INFINITY) return undefined;
  const low = truth.low === 0 || measured.low === undefined ? undefined : measured.low * truth.low;
  const high = truth.high === Number.POSITIVE_INFINITY ? undefined : measured.high && measured.high * truth.high;
  const direction = decide({ low, high });
  const bound =
    truth.low === 1 && truth.high > 1 ? "at-least" : truth.high === 1 && truth.low < 1 ? "at-most" : undefined;
  return {
    ratio: { value, ...(low !== undefined && { low }), ...(high !== undefined && { high }) },
    sets,
    ...(bound && { bound }),
    verdict: verdictOf(direction, metric),
    direction,
  };
}

function verdictOf(direction: Decision, { better = "lower" }: Metric): Comparison["verdict"] {
  if (direction === "equal" || direction === "cannot-tell") return direction;
  return direction === better ? "faster" : "slower";
}
