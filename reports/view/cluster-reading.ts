/** One number of one arm, with everything that decides how it may be shown. */

import type { Prediction } from "../../results/contract/cluster-results.ts";
import {
  type ClusterMetric,
  clusterMetricNamed,
  clusterMetrics,
  type MetricTopic,
} from "../../results/metrics/cluster-metrics.ts";
import { formatInterval, formatQuantity, formatRange, type Unit } from "../../results/quantities/format.ts";
import { type Reading, signOf } from "../../results/summary/reading.ts";
import { type ArmView, type ExperimentView, type PredictionView, usableArm } from "./cluster-view.ts";

const generatorLimit =
  "generator-bound: the process that is the users was the limit, so rates are lower bounds (≥) and delays upper bounds (≤)";

const notMeasured = "not measured in this arm";

/** Why an arm may lack a number, where there are better reasons than that nobody asked. */
const absences: Partial<Record<MetricTopic, string>> = {
  recovery: "it did not happen in this arm, or not before the experiment gave up waiting",
  delay: "too few messages for this percentile, or not measured in this arm",
  fanOut: "too few messages that reached all for this percentile, or not measured in this arm",
};

/** Reads a metric from an arm in any state; never a number that must not be believed. */
export function readArm({ cell }: ArmView, metricName: string): Reading {
  if (cell.state !== "measured") return { kind: "absent", why: `${cell.state}: ${cell.reason}` };
  const { verdict, flags } = cell.validity;
  if (verdict === "invalid") {
    const fatal = flags.filter(({ severity }) => severity === "fatal");
    return { kind: "invalid", why: `invalid: ${fatal.map(({ message }) => message).join("; ")}` };
  }
  // A name out of a file may be that of something every object has.
  const interval = Object.hasOwn(cell.summary, metricName) ? cell.summary[metricName] : undefined;
  const { topic, whenGeneratorBound } = clusterMetricNamed(metricName);
  if (interval === undefined) return { kind: "absent", why: absences[topic] ?? notMeasured };
  const bound = verdict === "generator-bound" ? whenGeneratorBound : undefined;
  return bound === undefined ? { kind: "value", interval } : { kind: "value", interval, bound, why: generatorLimit };
}

/** The middle of the trials, if it may be believed. */
export function middleOf(arm: ArmView, metricName: string): number | undefined {
  const reading = readArm(arm, metricName);
  return reading.kind === "value" ? reading.interval.value : undefined;
}

/** Middle, lowest and highest of the trials in words, if they may be believed. */
export function wordsOf(arm: ArmView, metricName: string): string | undefined {
  const reading = readArm(arm, metricName);
  if (reading.kind !== "value") return undefined;
  return `${signOf(reading.bound)}${formatInterval(reading.interval, clusterMetricNamed(metricName).unit)}`;
}

/** Every metric some usable arm of the experiment has: those of this version in their order, then the others. */
export function metricsOf({ arms }: ExperimentView): ClusterMetric[] {
  const names = new Set(arms.flatMap((arm) => Object.keys(usableArm(arm)?.summary ?? {})));
  const known = clusterMetrics.filter(({ name }) => names.delete(name));
  return [...known, ...[...names].map(clusterMetricNamed)];
}

/** An end so far out that it is none. */
const open = Number.MAX_SAFE_INTEGER;

/** `33.3 %`, `at most 2.00 s`, `30.0–36.7 %`: what a prediction allows. */
export function expectedInWords({ low, high }: Prediction["expected"], unit: Unit): string {
  if (low === high) return formatQuantity(low, unit);
  if (high >= open || (unit === "share" && high >= 1)) return `at least ${formatQuantity(low, unit)}`;
  if (low <= 0) return `at most ${formatQuantity(high, unit)}`;
  return formatRange(low, high, unit);
}

/** What a prediction was held against: all trials, or where the summary has none of it, the one that decided. */
export function measuredInWords({ arm, prediction }: PredictionView): string {
  const { measured, metric } = prediction;
  if (usableArm(arm) === undefined) return "invalid";
  if (measured === undefined) return "–";
  const reading = readArm(arm, metric);
  const { unit } = clusterMetricNamed(metric);
  const covered = reading.kind === "value" && measured >= reading.interval.low && measured <= reading.interval.high;
  if (covered) return wordsOf(arm, metric)!;
  return formatQuantity(measured, unit);
}

/** The trial that decided about a prediction alone: that furthest from what was expected. */
export function decidingInWords({ arm, prediction: { measured, metric } }: PredictionView): string {
  if (usableArm(arm) === undefined) return "invalid";
  if (measured === undefined) return "–";
  const reading = readArm(arm, metric);
  const sign = reading.kind === "value" ? signOf(reading.bound) : "";
  return `${sign}${formatQuantity(measured, clusterMetricNamed(metric).unit)}`;
}

export const verdictWords: Record<Prediction["verdict"], string> = {
  held: "held",
  failed: "did not hold",
  "not-measured": "not measured",
};

/** As markdown shows it: what did not hold stands out. */
export const showVerdict = (verdict: Prediction["verdict"]): string =>
  verdict === "failed" ? `**${verdictWords.failed}**` : verdictWords[verdict];
