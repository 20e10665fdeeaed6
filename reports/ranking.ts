/** Which statements about an order the trials support: those of ranges that do not overlap, and no others. */
import { type Bound, readMetric } from "./reading.ts";
import type { Interval, ScenarioName } from "./results.ts";
import { completeTrials, measuredCell, type ReportView, type TargetRow } from "./view.ts";

export interface Ranked {
  readonly row: TargetRow;
  readonly interval: Interval;
  readonly bound?: Bound | undefined;
}

export interface Ranking {
  readonly entries: readonly Ranked[];
  /** Those that no other is shown to be below; several are indistinguishable from each other. */
  readonly lowest: readonly Ranked[];
  /** Those that no other is shown to be above. */
  readonly highest: readonly Ranked[];
  /** False where not one pair of entries is told apart. */
  readonly decided: boolean;
}

/** One trial has no spread, so it can support no order. */
export const trialsToRankMin = 2;

/** Ranks the believable cells of a scenario that have spread, the reference left out. */
export function rankTargets(view: ReportView, scenario: ScenarioName, metric: string): Ranking {
  const entries = view.rows.flatMap((row): Ranked[] => {
    if (row === view.reference) return [];
    const cell = measuredCell(row, scenario);
    if (cell === undefined || completeTrials(cell).length < trialsToRankMin) return [];
    const reading = readMetric(cell, metric);
    return reading.kind === "value" ? [{ row, interval: reading.interval, bound: reading.bound }] : [];
  });
  return rank(entries);
}

export function rank(entries: readonly Ranked[]): Ranking {
  return {
    entries,
    lowest: entries.filter((entry) => !entries.some((other) => isLower(other, entry))),
    highest: entries.filter((entry) => !entries.some((other) => isLower(entry, other))),
    decided: entries.some((entry) => entries.some((other) => isLower(entry, other))),
  };
}

/** The ranges do not overlap, and neither bound lets the truth lie on the other side. */
const isLower = (a: Ranked, b: Ranked): boolean =>
  a.interval.high < b.interval.low && a.bound !== "at-least" && b.bound !== "at-most";

/**
 * How often two targets that do not differ are told apart by luck: of all orders of 2n like trials, two put one's
 * n trials wholly on one side of the other's.
 */
export function chanceOfFalseSeparation(trials: number): number {
  let orders = 1;
  for (let index = 1; index <= trials; index++) orders = (orders * (trials + index)) / index;
  return Math.min(1, 2 / orders);
}
