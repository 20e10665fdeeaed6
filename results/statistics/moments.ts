/** Middle and spread of a handful of numbers. */

/** Of an even number of values, the middle between the two middle ones. Throws for none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("expected at least one value");
  const sorted = sortedCopy(values);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export const sortedCopy = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Sample variance, with n - 1 in the denominator. */
export function variance(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
}

/** Variance of the logarithms; exactly 0 for equal values, which rounding would hide. */
export const logVariance = (values: readonly number[]): number =>
  values.every((value) => value === values[0]) ? 0 : variance(values.map(Math.log));
