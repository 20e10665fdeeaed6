import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from "hdr-histogram-js";

/** Reads a histogram of results.json; its values are nanoseconds. */
export const decodeHistogram = (encoded: string): Histogram => decodeFromCompressedBase64(encoded, 32);

export const encodeHistogram = (histogram: Histogram): string => encodeIntoCompressedBase64(histogram);

/** Sums histograms; percentiles of the sum are right, averages of percentiles are not. Undefined for none. */
export function sumHistograms(histograms: readonly (string | Histogram)[]): Histogram | undefined {
  if (histograms.length === 0) return undefined;
  // A decoded histogram ends at its own highest value and refuses greater ones; a new one grows.
  const sum = build({ bitBucketSize: 32, numberOfSignificantValueDigits: 3 });
  for (const one of histograms) sum.add(typeof one === "string" ? decodeHistogram(one) : one);
  return sum;
}

/** What is in the whole and not in its part. */
export function restOf(whole: string, part: Histogram): Histogram {
  // One that cannot grow refuses to subtract where the greatest value lies in its last bucket; a sum grows.
  const rest = sumHistograms([whole])!;
  rest.subtract(part);
  return rest;
}

/**
 * Whether so many samples carry a percentile: at least 5.7 must lie beyond it, which is what the upper rank of a
 * 95 % interval for a quantile needs (normal approximation; Lancet, USENIX ATC 2019).
 */
export const carriesPercentile = (samples: number, percentile: number): boolean =>
  samples * (1 - percentile / 100) >= 5.7;
