/** Which statements about an order the trials support: those of comparisons with a verdict, and no others. */

import type { Interval, ScenarioName } from "../../results/contract/results.ts";
import { completeTrials } from "../../results/contract/trials.ts";
import { trialsForIntervalMin } from "../../results/statistics/intervals.ts";
import { comparePairs, type PairComparison } from "../../results/summary/comparison.ts";
import { type Bound, readMetric } from "../../results/summary/reading.ts";
import { measuredCell, type ReportView, type TargetRow } from "./view.ts";

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

/** Whether the first is shown to be below the second. */
export type IsLower = (a: Ranked, b: Ranked) => boolean;

/** Fewer trials have no interval, so they can support no order. */
export const trialsToRankMin = trialsForIntervalMin;

/** Every pair of targets in every compared metric, decided together. */
export const pairsOf = ({ results, reference }: ReportView): PairComparison[] =>
  comparePairs(results.cells, reference?.target);

/** Ranks the believable cells of a scenario that have trials enough, the reference left out. */
export function rankTargets(
  view: ReportView,
  pairs: readonly PairComparison[],
  scenario: ScenarioName,
  metric: string,
): Ranking {
  const entries = view.rows.flatMap((row): Ranked[] => {
    if (row === view.reference) return [];
    const cell = measuredCell(row, scenario);
    if (cell === undefined || completeTrials(cell).length < trialsToRankMin) return [];
    const reading = readMetric(cell, metric);
    return reading.kind === "value" ? [{ row, interval: reading.interval, bound: reading.bound }] : [];
  });
  const asked = pairs.filter((pair) => pair.scenario === scenario && pair.metric === metric);
  return rank(entries, (a, b) =>
    asked.some(
      ({ target, reference, direction }) =>
        (target === a.row.target && reference === b.row.target && direction === "lower") ||
        (target === b.row.target && reference === a.row.target && direction === "higher"),
    ),
  );
}

export function rank(entries: readonly Ranked[], isLower: IsLower): Ranking {
  return {
    entries,
    lowest: entries.filter((entry) => !entries.some((other) => isLower(other, entry))),
    highest: entries.filter((entry) => !entries.some((other) => isLower(entry, other))),
    decided: entries.some((entry) => entries.some((other) => isLower(entry, other))),
  };
}
