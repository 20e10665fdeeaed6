/** Which statements about an order the trials support: those of comparisons with a verdict, and no others. */

import { completeTrials, measured } from "../../results/contract/cells.ts";
import type { Interval } from "../../results/contract/results.ts";
import type { MetricName } from "../../results/metrics/metrics.ts";
import { trialsForIntervalMin } from "../../results/statistics/intervals.ts";
import { comparePairs, type PairComparison } from "../../results/summary/comparison.ts";
import { type Bound, estimateOf } from "../../results/summary/estimate.ts";
import type { ReportView, TargetRow } from "./view.ts";

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
  /** False where no pair of entries differs significantly. */
  readonly decided: boolean;
}

/** Whether the first is shown to be below the second. */
export type IsLower = (a: Ranked, b: Ranked) => boolean;

/** Fewer trials have no interval, so they can support no order. */
export const trialsToRankMin = trialsForIntervalMin;

/** Every pair of targets in every compared metric, decided together. */
export const pairsOf = ({ results, reference }: ReportView): PairComparison[] =>
  comparePairs(results.cells, reference?.info.label);

/** Ranks the believable cells of an experiment that have trials enough, the reference left out. */
export function rankTargets(
  view: ReportView,
  pairs: readonly PairComparison[],
  scenario: string,
  metric: MetricName,
): Ranking {
  const entries = view.rows.flatMap((row): Ranked[] => {
    if (row === view.reference) return [];
    const cell = measured(row.cells.get(scenario));
    if (cell === undefined || completeTrials(cell).length < trialsToRankMin) return [];
    const estimate = estimateOf(cell, metric);
    return estimate.kind === "value" ? [{ row, interval: estimate.interval, bound: estimate.bound }] : [];
  });
  const asked = pairs.filter(
    (pair) => pair.scenario === scenario && pair.variant === undefined && pair.metric === metric,
  );
  return rank(entries, ({ row: { info: a } }, { row: { info: b } }) =>
    asked.some(
      ({ target, reference, direction }) =>
        (target === a.label && reference === b.label && direction === "lower") ||
        (target === b.label && reference === a.label && direction === "higher"),
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
