/**
 * Intervals that hold the truth in at least 95 of 100 runs, from one value per trial. The truth is the median: what half
 * of all trials would stay below if there were endlessly many, so that a disturbed trial does not move it.
 */
import type { Interval } from "../contract/results.ts";
import { logVariance, mean, median, sortedCopy } from "./moments.ts";
import { twoSidedQuantile } from "./student-t.ts";

export const level = 0.95;

/** Two trials have one distance, which tells next to nothing of how far the next one may lie. */
export const trialsForIntervalMin = 3;

const point = (value: number): Interval => ({ value, low: value, high: value });

/**
 * Median of positive values. From 6 trials on, the interval runs between two of them, counted from both ends
 * (David and Nagaraja, Order Statistics, 7.1), which assumes nothing about how trials are spread: lowest to highest of
 * 7, fourth to twelfth of 15. Fewer cannot reach 95 % that way, so 3 to 5 take Student's t on logarithms, which
 * assumes that those are spread evenly about their middle. Fewer than 3 have no interval: low and high are the value.
 */
export function medianInterval(values: readonly number[]): Interval {
  const value = median(values);
  if (values.length < trialsForIntervalMin) return point(value);
  const sorted = sortedCopy(values);
  const rank = lowerRank(values.length);
  if (rank > 0) return { value, low: sorted[rank - 1]!, high: sorted.at(-rank)! };
  const logs = values.map(Math.log);
  return logInterval(value, mean(logs), logVariance(values) / values.length, values.length - 1);
}

/**
 * Ratio of two medians of positive values: Welch's t on logarithms, which lets the two be spread differently. Trials
 * are not paired by round: that halves the degrees of freedom, which pays only if rounds explain more than a quarter of
 * the spread; in real runs it was about a tenth.
 */
export function ratioInterval(values: readonly number[], base: readonly number[]): Interval {
  const ratio = median(values) / median(base);
  if (Math.min(values.length, base.length) < trialsForIntervalMin) return point(ratio);
  const parts = [values, base].map((sample) => ({
    squaredError: logVariance(sample) / sample.length,
    degreesOfFreedom: sample.length - 1,
  }));
  const squaredError = parts[0]!.squaredError + parts[1]!.squaredError;
  const centre = mean(values.map(Math.log)) - mean(base.map(Math.log));
  return logInterval(ratio, centre, squaredError, welchDegreesOfFreedom(parts));
}

/** Welch and Satterthwaite: degrees of freedom of a sum of independent variances. */
export function welchDegreesOfFreedom(
  parts: readonly { readonly squaredError: number; readonly degreesOfFreedom: number }[],
): number {
  const sum = parts.reduce((total, { squaredError }) => total + squaredError, 0);
  const squares = parts.reduce(
    (total, { squaredError, degreesOfFreedom }) => total + squaredError ** 2 / degreesOfFreedom,
    0,
  );
  return squares === 0 ? Number.POSITIVE_INFINITY : sum ** 2 / squares;
}

/** Around the mean of the logarithms, and wide enough to hold the median that is shown. */
function logInterval(value: number, centre: number, squaredError: number, degreesOfFreedom: number): Interval {
  if (squaredError === 0) return point(value);
  const reach = twoSidedQuantile(level, degreesOfFreedom) * Math.sqrt(squaredError);
  return { value, low: Math.min(value, Math.exp(centre - reach)), high: Math.max(value, Math.exp(centre + reach)) };
}

/** How far from each end the interval of the median may begin, from 1; 0 where even the ends hold less than 95 %. */
function lowerRank(count: number): number {
  let rank = 0;
  let binomial = 1;
  let outside = 2 ** (1 - count);
  while (outside <= 1 - level) {
    rank++;
    binomial = (binomial * (count - rank + 1)) / rank;
    outside += binomial * 2 ** (1 - count);
  }
  return rank;
}
