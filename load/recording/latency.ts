import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from "hdr-histogram-js";

/** A mergeable histogram of delays in nanoseconds, 3 significant digits, as HdrHistogram V2 base64 on the way. */
export class LatencyHistogram {
  readonly #histogram: Histogram;

  constructor(histogram: Histogram = build({ bitBucketSize: 32, numberOfSignificantValueDigits: 3 })) {
    this.#histogram = histogram;
  }

  /** Delays below 1 ns, which only clock granularity can produce, count as 1 ns: nothing is dropped. */
  record(delayNs: number): void {
    this.#histogram.recordValue(delayNs < 1 ? 1 : Math.round(delayNs));
  }

  get count(): number {
    return this.#histogram.totalCount;
  }

  /** Value at a percentile from 0 to 100, in nanoseconds. */
  percentileNs(percentile: number): number {
    return this.#histogram.getValueAtPercentile(percentile);
  }

  add(other: LatencyHistogram): void {
    this.#histogram.add(other.#histogram);
  }

  encode(): string {
    return encodeIntoCompressedBase64(this.#histogram);
  }

  static decode(encoded: string): LatencyHistogram {
    return new LatencyHistogram(decodeFromCompressedBase64(encoded, 32));
  }
}
