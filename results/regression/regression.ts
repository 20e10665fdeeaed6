/** Two results set against each other, cell by cell: what changed from A to B, and whether it became worse. */

import { cellKey, usable } from "../contract/cells.ts";
import type { Cell, Comparison, Interval, Prediction, Ratio, Results } from "../contract/results.ts";
import { type Metric, type MetricName, metricNamed } from "../metrics/metrics.ts";
import { noticeableRatio } from "../statistics/decide.ts";
import { comparedIn, judgeIndependent, sampleOf } from "../summary/comparison.ts";
import { type Bound, estimateOf } from "../summary/estimate.ts";
import { differencesBetween, remarksOn } from "./comparability.ts";
import { warningsOn } from "./warnings.ts";

/** One metric of one cell in both results. */
export interface Change {
  readonly target: string;
  readonly scenario: string;
  readonly variant?: string;
  readonly metric: MetricName;
  readonly before: Interval;
  readonly beforeBound?: Bound;
  readonly after: Interval;
  readonly afterBound?: Bound;
  /** After over before, with its 99 % interval. */
  readonly ratio: Ratio;
  readonly bound?: Bound;
  readonly verdict: Comparison["verdict"];
  /** A smaller change, one way or the other, these trials would not have told; absent where they tell nothing. */
  readonly smallestToldRatio?: number;
  /** Slower, and by more than the threshold allows. */
  readonly regression: boolean;
}

/** A prediction that held in A and failed in B: what an experiment was sure of is no longer so. */
export interface BrokenPrediction {
  readonly cell: string;
  readonly statement: string;
  readonly metric: MetricName;
  readonly expected: Prediction["expected"];
  readonly before: number;
  readonly after: number;
}

export interface ResultsComparison {
  /** Worse by up to this share is tolerated: 0.05 is 5 %. */
  readonly threshold: number;
  /** Why the two are not comparable; empty where they are. */
  readonly differences: readonly string[];
  /** What else differs and may explain a change. */
  readonly remarks: readonly string[];
  readonly changes: readonly Change[];
  /** Numbers that could not be set against each other, each with its reason. */
  readonly notCompared: readonly string[];
  /** What speaks against numbers of either file, each a sentence. */
  readonly warnings: readonly string[];
  /** Predictions that were put to the test in both. */
  readonly predictionsCompared: number;
  readonly brokenPredictions: readonly BrokenPrediction[];
  /** Cells whose numbers may be believed in A but not in B. */
  readonly turnedInvalid: readonly string[];
}

/** Stricter than within a run: dozens of numbers are compared, and one false alarm stops somebody's work. */
export const regressionLevel = 0.99;

/** The trials of A and B are independent, so they are compared unpaired, each number by itself. */
export function compareResults(before: Results, after: Results, threshold: number): ResultsComparison {
  const pairs = before.cells.flatMap((cell) => {
    const other = after.cells.find((candidate) => cellKey(candidate) === cellKey(cell));
    return other === undefined ? [] : [{ before: cell, after: other }];
  });
  const found = pairs.flatMap((pair) => comparePair(pair, threshold));
  const changes = found.filter((one) => typeof one !== "string");
  const notCompared = found.filter((one) => typeof one === "string");
  return {
    threshold,
    differences: differencesBetween(before, after),
    remarks: remarksOn(before, after),
    changes,
    notCompared: [...new Set(notCompared)],
    warnings: warningsOn(before, after, changes),
    predictionsCompared: pairs.reduce((sum, pair) => sum + predictionsIn(pair).length, 0),
    brokenPredictions: pairs.flatMap(brokenIn),
    turnedInvalid: pairs
      .filter((pair) => !isInvalid(pair.before) && isInvalid(pair.after))
      .map((pair) => cellKey(pair.after)),
  };
}

export const regressionsOf = ({ changes }: ResultsComparison): Change[] =>
  changes.filter(({ regression }) => regression);

/** Whether some number or prediction of A could be held against that of B. */
export const anythingCompared = ({ changes, predictionsCompared }: ResultsComparison): boolean =>
  predictionsCompared > 0 || changes.some(({ ratio }) => ratio.low !== undefined || ratio.high !== undefined);

/** Whether anything became worse that may not. */
export const hasRegressed = (comparison: ResultsComparison): boolean =>
  regressionsOf(comparison).length > 0 || comparison.brokenPredictions.length > 0;

const wasTested = ({ verdict }: Prediction): boolean => verdict === "held" || verdict === "failed";

/** Those that were put to the test in both. */
function predictionsIn({ before, after }: CellPair): { was: Prediction; is: Prediction }[] {
  const later = usable(after)?.predictions ?? [];
  return (usable(before)?.predictions ?? []).flatMap((was) => {
    const is = later.find(({ metric, statement }) => metric === was.metric && statement === was.statement);
    return is === undefined || ![was, is].every(wasTested) ? [] : [{ was, is }];
  });
}

const brokenIn = (pair: CellPair): BrokenPrediction[] =>
  predictionsIn(pair).flatMap(({ was: { statement, metric, expected, verdict, measured }, is }) => {
    if (verdict !== "held" || is.verdict !== "failed" || measured === undefined || is.measured === undefined) return [];
    const { name } = metricNamed(metric);
    return [{ cell: cellKey(pair.after), statement, metric: name, expected, before: measured, after: is.measured }];
  });

/** By what share it is worse; a rate halved is as much worse as a delay doubled. */
const worseBy = (ratio: number, better: "lower" | "higher" = "lower"): number =>
  (better === "lower" ? ratio : 1 / ratio) - 1;

const isInvalid = (cell: Cell): boolean => cell.state === "measured" && cell.validity.verdict === "invalid";

interface CellPair {
  readonly before: Cell;
  readonly after: Cell;
}

/** Every compared metric of a cell, or why it could not be. */
function comparePair(pair: CellPair, threshold: number): (Change | string)[] {
  const { before, after } = pair;
  const missing = [
    ...(before.state === "measured" ? [] : [unmeasured(before, "A")]),
    ...(after.state === "measured" ? [] : [unmeasured(after, "B")]),
  ];
  if (missing.length > 0) return missing;
  return [...new Set([...comparedIn(before), ...comparedIn(after)])].map((metric) => changeOf(pair, metric, threshold));
}

function changeOf({ before, after }: CellPair, metric: Metric, threshold: number): Change | string {
  const [base, sample] = [sampleOf(before, metric), sampleOf(after, metric)];
  const [was, is] = [intervalOf(before, metric.name), intervalOf(after, metric.name)];
  if (!base || !sample || !was || !is) return reasonFor(before, after, metric.name);
  const judged = judgeIndependent(metric, sample, base, regressionLevel);
  if (judged === undefined)
    return `${cellKey(before)}: ${metric.title}: bounds in both files, whose ratio bounds nothing`;
  const { ratio, bound, verdict } = judged;
  const told = smallestToldRatio(ratio);
  return {
    target: before.target,
    scenario: before.scenario,
    ...(before.variant !== undefined && { variant: before.variant }),
    metric: metric.name,
    before: was,
    ...(base.bound && { beforeBound: base.bound }),
    after: is,
    ...(sample.bound && { afterBound: sample.bound }),
    ratio,
    ...(bound && { bound }),
    verdict,
    ...(told !== undefined && { smallestToldRatio: told }),
    regression: verdict === "slower" && worseBy(ratio.value, metric.better) > threshold,
  };
}

/** Half of the interval, and what is never told apart on top. */
const smallestToldRatio = ({ low, high }: Ratio): number | undefined =>
  low === undefined || high === undefined ? undefined : Math.sqrt(high / low) * noticeableRatio;

const unmeasured = (cell: Exclude<Cell, { state: "measured" }>, file: "A" | "B"): string =>
  `${cellKey(cell)}: ${cell.state} in ${file}: ${cell.reason}`;

/** Undefined where trials agree on no middle, too. */
const intervalOf = (cell: Cell, metric: MetricName): Interval | undefined =>
  cell.state === "measured" ? cell.summary[metric] : undefined;

/** One reason for a whole cell, so that it is said once. */
function reasonFor(before: Cell, after: Cell, metric: MetricName): string {
  for (const [file, cell] of [
    ["A", before],
    ["B", after],
  ] as const) {
    if (cell.state !== "measured") return unmeasured(cell, file);
    const estimate = estimateOf(cell, metric);
    if (estimate.kind === "invalid") return `${cellKey(cell)}: ${estimate.why} (${file})`;
    if (estimate.kind !== "value") return `${cellKey(cell)}: ${metricNamed(metric).title}: ${estimate.why} (${file})`;
  }
  return `${cellKey(before)}: ${metricNamed(metric).title}: 0 has no ratio`;
}
