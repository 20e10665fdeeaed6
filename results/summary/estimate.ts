/** One number of one cell, with everything that decides how it may be shown. */

import type { Cell, Interval } from "../contract/results.ts";
import { type Metric, type MetricName, metricNamed } from "../metrics/metrics.ts";

/** The truth lies at or above, or at or below, the interval. */
export type Bound = "at-least" | "at-most";

export type Estimate =
  | { readonly kind: "value"; readonly interval: Interval; readonly bound?: Bound | undefined; readonly why?: string }
  | { readonly kind: "absent"; readonly why: string }
  | { readonly kind: "invalid"; readonly why: string };

const generatorLimit =
  "generator-bound: the load generator was the limit, so rates are lower bounds (≥) and delays upper bounds (≤)";

/** Reads a metric from a cell in any state; never a number that must not be believed. */
export function estimateOf(cell: Cell | undefined, metricName: MetricName): Estimate {
  if (cell === undefined) return { kind: "absent", why: "not part of this run" };
  if (cell.state !== "measured") return { kind: "absent", why: `${cell.state}: ${cell.reason}` };
  const { verdict, flags } = cell.validity;
  if (verdict === "invalid") {
    const fatal = flags.filter(({ severity }) => severity === "fatal");
    return { kind: "invalid", why: `invalid: ${fatal.map(({ message }) => message).join("; ")}` };
  }
  const metric = metricNamed(metricName);
  const interval = cell.summary[metricName];
  if (interval === undefined) return { kind: "absent", why: metric.absence ?? "not measured in this cell" };
  return verdict === "generator-bound" ? boundedEstimate(metric, interval) : { kind: "value", interval };
}

function boundedEstimate({ whenGeneratorBound }: Metric, interval: Interval): Estimate {
  if (whenGeneratorBound === "unknown") return { kind: "absent", why: generatorLimit };
  return whenGeneratorBound === undefined
    ? { kind: "value", interval }
    : { kind: "value", interval, bound: whenGeneratorBound, why: generatorLimit };
}

const boundSign = { "at-least": "≥ ", "at-most": "≤ " } as const;

/** `≥ `, `≤ ` or nothing. */
export const signOf = (bound: Bound | undefined): string => (bound === undefined ? "" : boundSign[bound]);
