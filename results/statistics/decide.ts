/** The one place that decides whether a difference is statistically significant. */
import type { Interval } from "../contract/results.ts";
import { holmAdjusted } from "./holm.ts";
import { level, ratioInterval, trialsForIntervalMin, welchDegreesOfFreedom } from "./intervals.ts";
import { mean } from "./moments.ts";
import { noiseRatios } from "./noise.ts";
import { type Spread, shareVariances } from "./shared-variance.ts";
import { twoSidedTail } from "./student-t.ts";

export type Pair = readonly [sample: number, base?: number];

/** Cells that share a scenario and a metric, one positive value per trial, and the questions asked of them. */
export interface Group {
  readonly samples: readonly (readonly number[])[];
  /** Which sample over which, by position; without a second, whether the first differs from 1. */
  readonly pairs: readonly Pair[];
  /** Ratio of the smallest step the metric can show; 1 where it is exact. */
  readonly resolution: number;
}

export interface Decision {
  readonly ratio: Interval;
  /** See `noiseRatios`; undefined where no cell has two trials. */
  readonly noiseRatio: number | undefined;
  /** Probability that equal targets anywhere in these groups give a difference this clear. */
  readonly adjustedPValue: number;
  readonly direction: "higher" | "lower" | undefined;
}

const certainly1 = new Array<number>(trialsForIntervalMin).fill(1);

/**
 * Decides every pair of every group. A direction needs all three: an interval without 1; a ratio beyond the noise of
 * its group; and a difference so clear that equal targets would give one like it, in any of the pairs, in at most 5 %
 * of runs (Holm over all pairs, Welch's t with shared variances). Gives one list per group, in the order of its pairs.
 */
export function decide(groups: readonly Group[]): Decision[][] {
  const spreads = shareVariances(groups.map(({ samples }) => samples));
  const chances = groups.map((group, index) => group.pairs.map((pair) => chanceOf(group, pair, spreads[index]!)));
  const adjusted = holmAdjusted(chances.flat());
  let position = 0;
  return groups.map(({ samples, pairs, resolution }) => {
    const noiseOf = noiseRatios(samples, resolution);
    return pairs.map(([a, b]) => {
      const values = samples[a]!;
      const ratio = ratioInterval(values, b === undefined ? certainly1 : samples[b]!);
      const noiseRatio = noiseOf(values.length, b === undefined ? Number.POSITIVE_INFINITY : samples[b]!.length);
      const adjustedPValue = adjusted[position++]!;
      return { ratio, noiseRatio, adjustedPValue, direction: directionOf(ratio, noiseRatio, adjustedPValue) };
    });
  });
}

function directionOf({ value, low, high }: Interval, noiseRatio: number | undefined, adjustedPValue: number) {
  if (noiseRatio === undefined || adjustedPValue > 1 - level) return undefined;
  if (low > 1 && value > noiseRatio) return "higher";
  return high < 1 && value < 1 / noiseRatio ? "lower" : undefined;
}

/** Probability that two equal targets differ at least so much. */
function chanceOf({ samples }: Group, [a, b]: Pair, spreads: readonly Spread[]): number {
  const [values, base] = [samples[a]!, b === undefined ? certainly1 : samples[b]!];
  if (Math.min(values.length, base.length) < trialsForIntervalMin) return 1;
  const parts = [
    { ...spreads[a]!, count: values.length },
    ...(b === undefined ? [] : [{ ...spreads[b]!, count: base.length }]),
  ].map(({ variance, degreesOfFreedom, count }) => ({ squaredError: variance / count, degreesOfFreedom }));
  const squaredError = parts.reduce((sum, part) => sum + part.squaredError, 0);
  const difference = Math.abs(mean(values.map(Math.log)) - mean(base.map(Math.log)));
  // Where all trials of both read the same, chance has no part in the difference.
  if (squaredError === 0) return values[0] === base[0] ? 1 : 0;
  // Shared variances rest on the same trials, so together they know no more than all of these do.
  const available = samples.reduce((sum, { length }) => sum + length - 1, 0);
  return twoSidedTail(difference / Math.sqrt(squaredError), Math.min(available, welchDegreesOfFreedom(parts)));
}
