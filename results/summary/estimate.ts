/** One number of one cell, with everything that decides how it may be shown. */

import type { Bound, Cell, Interval, MeasuredCell } from "../contract/results.ts";
import { type MetricName, metricNamed } from "../metrics/metrics.ts";

export type { Bound } from "../contract/results.ts";

export type Estimate =
  | {
      readonly kind: "value";
      readonly interval: Interval;
      readonly bound?: Bound | undefined;
      /** Of a rate that is a lower bound: the other end of the bracket, where it is known. */
      readonly upTo?: number | undefined;
      /** Why it is a bound, as a sentence. */
      readonly why?: string;
    }
  /** Infinite: more of what was sent never came than this percentile leaves out. */
  | { readonly kind: "never"; readonly why: string }
  /** The trials disagree so widely that no middle can be given. */
  | { readonly kind: "unsettled"; readonly why: string }
  | { readonly kind: "absent"; readonly why: string }
  | { readonly kind: "invalid"; readonly why: string };

/** Reads a metric from a cell in any state; never a number that must not be believed. */
export function estimateOf(cell: Cell | undefined, metricName: MetricName): Estimate {
  if (cell === undefined) return { kind: "absent", why: "not part of this run" };
  if (cell.state !== "measured") return { kind: "absent", why: `${cell.state}: ${cell.reason}` };
  const { verdict, flags } = cell.validity;
  if (verdict === "invalid") {
    const fatal = flags.filter(({ severity }) => severity === "fatal");
    return { kind: "invalid", why: `invalid: ${fatal.map(({ message }) => message).join("; ")}` };
  }
  const found = cell.summary[metricName];
  if (found === undefined) return absenceOf(cell, metricName);
  const { bound, upTo, why, ...interval } = found;
  return {
    kind: "value",
    interval,
    ...(bound && { bound }),
    ...(upTo !== undefined && { upTo }),
    ...(why !== undefined && { why }),
  };
}

function absenceOf({ absences }: MeasuredCell, metricName: MetricName): Estimate {
  const absence = absences?.[metricName];
  if (absence?.kind === "never" || absence?.kind === "unsettled") return { kind: absence.kind, why: absence.why };
  return { kind: "absent", why: absence?.why ?? metricNamed(metricName).absence ?? "not measured in this cell" };
}

const boundSign = { "at-least": "≥ ", "at-most": "≤ " } as const;

/** `≥ `, `≤ ` or nothing. */
export const signOf = (bound: Bound | undefined): string => (bound === undefined ? "" : boundSign[bound]);
