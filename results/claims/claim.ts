/** What a claim is: a taught sentence, and the rule by which results decide about it. */
import { usable } from "../contract/cells.ts";
import type { Evidence, Instead } from "../contract/claim.ts";
import type { MeasuredCell, Results } from "../contract/results.ts";
import { type MetricName, metricNamed } from "../metrics/metrics.ts";
import { formatInterval, formatQuantity } from "../quantities/format.ts";

/** What a rule may look at. */
export type Decidable = Pick<Results, "cells" | "targets">;

/** Columns that a line of a terminal with 80 has for it, beside the longest id and verdict. */
export const inShortMax = 39;

export type Decision =
  | {
      readonly verdict: "does-not-hold";
      readonly inShort?: string;
      readonly cause?: string;
      readonly evidence: readonly Evidence[];
      /** In place of what the claim says, where the results have the number. */
      readonly flipsAt?: string;
    }
  | {
      readonly verdict: "holds";
      /** The number that decides, in what a line of a terminal has room for: `inShortMax`. */
      readonly inShort: string;
      /** Of a statement that names one: what the numbers show of it, as clauses. */
      readonly cause?: string;
      readonly evidence: readonly Evidence[];
      /** In place of what the claim says, where the results have the number. */
      readonly flipsAt?: string;
    }
  | {
      readonly verdict: "holds-when";
      /** Completes "holds when ...", with the numbers that say so. */
      readonly when: string;
      readonly inShort: string;
      readonly cause?: string;
      readonly evidence: readonly Evidence[];
      readonly flipsAt?: string;
    }
  | {
      readonly verdict: "not-a-measurement";
      readonly instead: Instead;
      readonly inShort: string;
      /** What was measured nearby. */
      readonly evidence: readonly Evidence[];
    }
  | {
      readonly verdict: "not-measured";
      /** Completes "not measured, since ...". */
      readonly because: string;
    };

export type Chapter =
  | "WebSocket itself"
  | "WebSocket and HTTP"
  | "WebSocket and SSE"
  | "WebSocket and XMPP"
  | "Horizontal scaling";

/** Cells of one experiment. */
export interface Need {
  readonly experiment: string;
  /** As on the command line. Absent: what the experiment brings, as those of a cluster do. */
  readonly targets?: readonly string[];
  /** Those of its cells that decide, by variant. Absent: all. */
  readonly variants?: readonly string[];
  /** Between users and server, as `--link` has it. Absent: loopback. */
  readonly link?: string;
  /** Of an application as traffic: the name of the one that ships. */
  readonly profile?: string;
  /** What is read of them are counts that trials agree about (bytes, refusals, settings), which one trial shows. */
  readonly counts?: true;
}

export interface Claim {
  readonly id: string;
  /** As it is taught. */
  readonly statement: string;
  /** Heading it is taught under. */
  readonly about: Chapter;
  /** What its rule reads, and what to run for it: as little as decides. */
  readonly needs: readonly Need[];
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

/** A metric of every usable cell that has it, in the order of the results. `what` names the cell in words. */
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

/** Names a cell. */
export interface Where {
  readonly scenario: string;
  readonly target: string;
  /** Absent: the cell without one. */
  readonly variant?: string;
  /** Of an experiment that brings a link of its own. Absent: on loopback. */
  readonly isLinked?: true;
}

/** A metric of one cell, if it may be believed. `what` names it in words. */
export const seenOf = (
  results: Decidable,
  metric: MetricName,
  { scenario, target, variant, isLinked }: Where,
  what: string = target,
): Seen | undefined =>
  seenIn(
    results,
    metric,
    (cell) =>
      cell.scenario === scenario &&
      cell.target === target &&
      cell.variant === variant &&
      (isLinked || cell.parameters.link === undefined),
    () => what,
  )[0];

/** What stands in the way of a verdict, completing "not measured, since ...". */
export const unmeasured = (because: string): Decision => ({ verdict: "not-measured", because });

const wordsFor = ({ variant, target }: MeasuredCell): string => variant ?? target;

/** `31.1 %`. */
export const valueInWords = ({ value, evidence: { metric } }: Seen): string =>
  formatQuantity(value, metricNamed(metric).unit);

/** `31.1 % (27.8–34.4)`. */
export const inWords = ({ evidence: { metric, ...interval } }: Seen): string =>
  formatInterval(interval, metricNamed(metric).unit);

export const evidenceOf = (...seen: readonly (readonly Pick<Seen, "evidence">[])[]): Evidence[] =>
  seen.flat().map(({ evidence }) => evidence);

/** Those that are there. */
export const present = <Thing>(...things: readonly (Thing | undefined)[]): Thing[] =>
  things.filter((thing) => thing !== undefined);

/** Whether users were spread over several nodes. */
export const hasNodes = ({ parameters }: MeasuredCell): boolean => (parameters.nodes ?? 1) > 1;

export const keepsStateOutside = ({ parameters }: MeasuredCell): boolean => parameters.settings.state === "outside";

export const ignoresCookies = ({ parameters }: MeasuredCell): boolean => parameters.settings.cookies === "ignored";
