import { type DelayMetricName, delayStatistics } from "../metrics/metric.ts";
import { carriesPercentile, decodeHistogram } from "../statistics/histogram.ts";

/** In microseconds; percentile 100 is the maximum. Undefined where too few samples carry it. */
export function delayUs(encoded: string | undefined, percentile: number): number | undefined {
  if (encoded === undefined) return undefined;
  const histogram = decodeHistogram(encoded);
  return percentileUs(histogram, percentile);
}

function percentileUs(histogram: ReturnType<typeof decodeHistogram>, percentile: number): number | undefined {
  const { totalCount } = histogram;
  if (percentile === 100) return totalCount > 0 ? histogram.maxValue / 1000 : undefined;
  return carriesPercentile(totalCount, percentile) ? histogram.getValueAtPercentile(percentile) / 1000 : undefined;
}

/** Every statistic of a delay that its samples carry, by the name of its metric: `roundTripP99Us` and so on. */
export function delayMeasures<const Delay extends string>(
  delay: Delay,
  encoded: string | undefined,
): Partial<Record<DelayMetricName<Delay>, number>> {
  if (encoded === undefined) return {};
  const histogram = decodeHistogram(encoded);
  return Object.fromEntries(
    delayStatistics.flatMap(([percentile, statistic]) => {
      const value = percentileUs(histogram, percentile);
      return value === undefined ? [] : [[`${delay}${statistic}Us`, value]];
    }),
  ) as Partial<Record<DelayMetricName<Delay>, number>>;
}
