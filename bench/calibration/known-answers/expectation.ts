import { seededRandom } from "../../../protocol/random.ts";

export interface ExpectedPercentile {
  readonly percentile: number;
  readonly ns: number;
  /** Half of the span in which 95 % of the simulated trials lay: chance alone moves the percentile so far. */
  readonly chanceNs: number;
}

const rounds = 200;

/**
 * The percentiles of delays that were imposed on messages, as a harness sees them that adds a round trip's cost to
 * each. A percentile of a sum is not the sum of percentiles, unless one of the two is constant: an imposed p99 and a
 * round trip's p99 seldom meet in the same message. So the sum is drawn, many times: each imposed delay, exactly as
 * often as it was imposed, plus a cost taken at random from the round trips of reference windows of the same trial. The
 * expected percentile is the median of the draws. That the two do not depend on each other is assumed, and fair as
 * long as answers do not queue behind one another.
 */
export function expectPercentiles(
  imposedNs: readonly number[],
  costNs: readonly number[],
  percentiles: readonly number[],
  seed: number,
): ExpectedPercentile[] {
  const random = seededRandom(seed);
  const drawn = percentiles.map(() => new Float64Array(rounds));
  const sums = new Float64Array(imposedNs.length);
  for (let round = 0; round < rounds; round++) {
    for (const [index, imposed] of imposedNs.entries()) {
      sums[index] = imposed + costNs[Math.floor(random() * costNs.length)]!;
    }
    sums.sort();
    for (const [index, percentile] of percentiles.entries()) drawn[index]![round] = percentileOf(sums, percentile);
  }
  return percentiles.map((percentile, index) => {
    const sorted = drawn[index]!.sort();
    const chanceNs = (percentileOf(sorted, 97.5) - percentileOf(sorted, 2.5)) / 2;
    return { percentile, ns: percentileOf(sorted, 50), chanceNs };
  });
}

/** The value of rank n * p / 100, rounded, as HdrHistogram counts ranks. */
export function percentileOf(sorted: Float64Array | readonly number[], percentile: number): number {
  const rank = Math.max(1, Math.floor((sorted.length * percentile) / 100 + 0.5));
  return sorted[Math.min(rank, sorted.length) - 1] ?? Number.NaN;
}
