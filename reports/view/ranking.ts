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

/**
 * An end of the order is only called so if the trials show it to be beyond some other target, so that no number listed
 * beside it contradicts it; who might as well be there is named apart.
 */
export interface Ranking {
  /** From the lowest measured to the highest. */
  readonly entries: readonly Ranked[];
  /** The lowest measured and those equal to it; empty where it is not shown to be below any other. */
  readonly lowest: readonly Ranked[];
  /** Those that cannot be told from the lowest measured. */
  readonly perhapsLowest: readonly Ranked[];
  readonly highest: readonly Ranked[];
  readonly perhapsHighest: readonly Ranked[];
  /** Every two are equal. */
  readonly equal: boolean;
}

/** How the first stands to the second. */
export type Relation = (a: Ranked, b: Ranked) => PairComparison["direction"];

/** Fewer trials have no interval, so they can support no order. */
export const trialsToRankMin = trialsForIntervalMin;

/** Every pair of targets in every compared metric. */
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
  return rank(entries, ({ row: { info: a } }, { row: { info: b } }) => {
    const found = (target: string, reference: string) =>
      asked.find((pair) => pair.target === target && pair.reference === reference)?.direction;
    const turned = found(b.label, a.label);
    return found(a.label, b.label) ?? (turned && opposite[turned]) ?? "cannot-tell";
  });
}

const opposite = { higher: "lower", lower: "higher", equal: "equal", "cannot-tell": "cannot-tell" } as const;

export function rank(unsorted: readonly Ranked[], relation: Relation): Ranking {
  const entries = unsorted.toSorted((a, b) => a.interval.value - b.interval.value);
  const others = (end: Ranked | undefined, relations: readonly ReturnType<Relation>[]): Ranked[] =>
    entries.filter((entry) => end !== undefined && entry !== end && relations.includes(relation(end, entry)));
  const endOf = (end: Ranked | undefined, beyond: "lower" | "higher"): Ranked[] =>
    others(end, [beyond]).length === 0 ? [] : [end!, ...others(end, ["equal"])];
  const [first, last] = [entries[0], entries.at(-1)];
  return {
    entries,
    lowest: endOf(first, "lower"),
    perhapsLowest: others(first, ["cannot-tell"]),
    highest: endOf(last, "higher"),
    perhapsHighest: others(last, ["cannot-tell"]),
    equal: entries.every((a, index) => entries.slice(0, index).every((b) => relation(a, b) === "equal")),
  };
}
