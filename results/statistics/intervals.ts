/**
 * Intervals from a handful of positive values, one per trial: Student's t on their logarithms, whatever the number of
 * trials. Fewer than `trialsForIntervalMin` have none.
 */
import type { Interval } from "../contract/results.ts";
import { logVariance, mean, median } from "./moments.ts";
import { twoSidedQuantile } from "./student-t.ts";

export const level = 0.95;

/** Two trials have one distance, which tells next to nothing of how far the next one may lie. */
export const trialsForIntervalMin = 3;

const point = (value: number): Interval => ({ value, low: value, high: value });

/**
 * Median, with the interval of the middle of the logarithms, wide enough to hold the median; without one, low = high =
 * value. `pilot`: how many came first and decided how many there are in all, see `trialsForPrecision`; absent where the
 * number was fixed.
 */
export function medianInterval(values: readonly number[], pilot = values.length): Interval {
  const value = median(values);
  const deciding = values.slice(0, pilot);
  if (deciding.length < trialsForIntervalMin || values.every((one) => one === value)) return point(value);
  const squaredError = logVariance(deciding) / values.length;
  const { low, high } = around(mean(values.map(Math.log)), squaredError, deciding.length - 1, level);
  return { value, low: Math.min(value, low), high: Math.max(value, high) };
}

/**
 * How many trials in all give an interval that reaches no further than `share` to either side, from those of a pilot
 * (Stein, "A two-sample test for a linear hypothesis whose power is independent of the variance", 1945). It is decided
 * once, and the interval then rests on the spread of the pilot alone: whoever adds trials until the interval happens to
 * be narrow stops too early, and holds the truth in 90 of 100 runs instead of 95. Infinite for a pilot that tells nothing.
 */
export function trialsForPrecision(pilot: readonly number[], share: number): number {
  if (pilot.length < trialsForIntervalMin || pilot.some((value) => value <= 0)) return Number.POSITIVE_INFINITY;
  const reach = twoSidedQuantile(level, pilot.length - 1) / Math.log1p(share);
  return Math.max(pilot.length, Math.ceil(reach ** 2 * logVariance(pilot)));
}

/**
 * Geometric mean of ratios that are each from one trial: what both sides of a trial shared, such as a machine that was
 * slow at the time, has no part in it. Undefined for fewer than `trialsForIntervalMin`.
 */
export function pairedInterval(ratios: readonly number[]): Interval | undefined {
  if (ratios.length < trialsForIntervalMin) return undefined;
  if (ratios.every((ratio) => ratio === ratios[0])) return point(ratios[0]!);
  return around(mean(ratios.map(Math.log)), logVariance(ratios) / ratios.length, ratios.length - 1, level);
}

/**
 * Ratio of the geometric means of trials that have nothing to do with each other (Welch's t, which lets the two be
 * spread differently). Undefined where either has fewer than `trialsForIntervalMin`.
 */
export function independentInterval(
  values: readonly number[],
  base: readonly number[],
  covered = level,
): Interval | undefined {
  if (Math.min(values.length, base.length) < trialsForIntervalMin) return undefined;
  const parts = [values, base].map((sample) => ({
    squaredError: logVariance(sample) / sample.length,
    degreesOfFreedom: sample.length - 1,
  }));
  const squaredError = parts[0]!.squaredError + parts[1]!.squaredError;
  if (squaredError === 0) return point(values[0]! / base[0]!);
  const centre = mean(values.map(Math.log)) - mean(base.map(Math.log));
  return around(centre, squaredError, welchDegreesOfFreedom(parts), covered);
}

/** Welch and Satterthwaite: degrees of freedom of a sum of independent variances. */
function welchDegreesOfFreedom(
  parts: readonly { readonly squaredError: number; readonly degreesOfFreedom: number }[],
): number {
  const sum = parts.reduce((total, { squaredError }) => total + squaredError, 0);
  const squares = parts.reduce(
    (total, { squaredError, degreesOfFreedom }) => total + squaredError ** 2 / degreesOfFreedom,
    0,
  );
  return sum ** 2 / squares;
}

/** From the middle of logarithms back to values. */
function around(centre: number, squaredError: number, degreesOfFreedom: number, covered: number): Interval {
  const reach = twoSidedQuantile(covered, degreesOfFreedom) * Math.sqrt(squaredError);
  return { value: Math.exp(centre), low: Math.exp(centre - reach), high: Math.exp(centre + reach) };
}
