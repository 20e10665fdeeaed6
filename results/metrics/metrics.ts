/**
 * Every number an experiment may measure or predict, and what it means. A report shows what is listed here, so a new
 * metric is one entry; a name that is not here does not compile.
 */
import { browserMetrics } from "./browser-metrics.ts";
import { clusterMetrics } from "./cluster-metrics.ts";
import { comparisonMetrics } from "./comparison-metrics.ts";
import { fanOutMetrics } from "./fan-out-metrics.ts";
import { federationMetrics } from "./federation-metrics.ts";
import { idleMetrics } from "./idle-metrics.ts";
import { layerMetrics } from "./layer-metrics.ts";
import type { MetricEntry } from "./metric.ts";
import { openingMetrics } from "./opening-metrics.ts";
import { profileMetrics } from "./profile-metrics.ts";
import { proxyMetrics } from "./proxy-metrics.ts";
import { pushMetrics } from "./push-metrics.ts";
import { resumeMetrics } from "./resume-metrics.ts";
import { securityMetrics } from "./security-metrics.ts";
import { sharingMetrics } from "./sharing-metrics.ts";
import { slowReaderMetrics } from "./slow-reader-metrics.ts";

const table = {
  ...comparisonMetrics,
  ...pushMetrics,
  ...proxyMetrics,
  ...fanOutMetrics,
  ...slowReaderMetrics,
  ...profileMetrics,
  ...securityMetrics,
  ...browserMetrics,
  ...openingMetrics,
  ...layerMetrics,
  ...resumeMetrics,
  ...idleMetrics,
  ...federationMetrics,
  ...sharingMetrics,
  ...clusterMetrics,
};

export type MetricName = keyof typeof table;

export interface Metric extends MetricEntry {
  /** Quantity, statistic, unit last; the key in measures and summaries. */
  readonly name: MetricName;
}

/** What a trial measured, by the name of a metric. */
export type Measures = Partial<Record<MetricName, number>>;

/** In the order tables show them. */
export const metrics: readonly Metric[] = Object.entries<MetricEntry>(table).map(([name, entry]) => ({
  ...entry,
  name: name as MetricName,
}));

const byName: ReadonlyMap<string, Metric> = new Map(metrics.map((metric) => [metric.name, metric]));

export const isMetric = (name: string): name is MetricName => byName.has(name);

/** Throws for a name that no metric has: results are checked when they are read. */
export function metricNamed(name: string): Metric {
  const metric = byName.get(name);
  if (metric === undefined) throw new RangeError(`expected the name of a metric, got "${name}"`);
  return metric;
}
