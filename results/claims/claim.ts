/** What a claim is: a taught sentence, and the rule by which results decide about it. */
import { usable } from "../contract/cells.ts";
import type { ClaimVerdict, Evidence } from "../contract/claim.ts";
import type { MeasuredCell, Results } from "../contract/results.ts";
import { type MetricName, metricNamed } from "../metrics/metrics.ts";
import { formatInterval } from "../quantities/format.ts";

/** What a rule may look at. */
export type Decidable = Pick<Results, "cells" | "targets">;

export type Decision =
  | {
      readonly verdict: Exclude<ClaimVerdict, "holds-when" | "not-measured">;
      readonly evidence: readonly Evidence[];
    }
  | {
      readonly verdict: "holds-when";
      /** Completes "holds when ...", with the numbers that say so. */
      readonly when: string;
      readonly evidence: readonly Evidence[];
    }
  | {
      readonly verdict: "not-measured";
      /** Completes "not measured, since ...". */
      readonly because: string;
    };

export interface Claim {
  readonly id: string;
  /** As it is taught. */
  readonly statement: string;
  /** What it is about: results without any such thing do not mention it. */
  readonly about: "cluster" | "protocols";
  /** Experiments whose cells its rule reads: what to run where they were not measured. */
  readonly experiments: readonly string[];
  /** What measurement would turn the verdict, as a sentence. */
  readonly flipsAt: string;
  /** A function of the results alone, and never of a number that must not be used. */
  readonly decide: (results: Decidable) => Decision;
}

/** A number of a cell that a rule looked at. */
export interface Seen {
  readonly cell: MeasuredCell;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly evidence: Evidence;
}

/** A metric of every usable cell of a cluster that has it, in the order of the results. `what` names the cell in words. */
export function seenIn(
  { cells }: Decidable,
  metric: MetricName,
  where: (cell: MeasuredCell) => boolean,
  what: (cell: MeasuredCell) => string = wordsFor,
): Seen[] {
  return cells.flatMap((candidate) => {
    const cell = usable(candidate);
    const number = cell?.summary[metric];
    if (cell === undefined || number === undefined || !where(cell)) return [];
    const { value, low, high } = number;
    const evidence = {
      what: what(cell),
      scenario: cell.scenario,
      target: cell.target,
      ...(cell.variant !== undefined && { variant: cell.variant }),
      metric,
      value,
      low,
      high,
    };
    return [{ cell, value, low, high, evidence }];
  });
}

const wordsFor = ({ variant, target }: MeasuredCell): string => variant ?? target;

/** `31.1 % (27.8–34.4)`. */
export const inWords = ({ evidence: { metric, ...interval } }: Seen): string =>
  formatInterval(interval, metricNamed(metric).unit);

export const evidenceOf = (...seen: readonly (readonly Seen[])[]): Evidence[] =>
  seen.flat().map(({ evidence }) => evidence);

/** Whether users were spread over several nodes. */
export const hasNodes = ({ parameters }: MeasuredCell): boolean => (parameters.nodes ?? 1) > 1;

export const keepsStateOutside = ({ parameters }: MeasuredCell): boolean => parameters.settings.state === "outside";

export const ignoresCookies = ({ parameters }: MeasuredCell): boolean => parameters.settings.cookies === "ignored";
