/** Two results set against each other, cell by cell: what changed from A to B, and whether it became worse. */

import { cellKey, usable } from "../contract/cells.ts";
import type { Cell, Comparison, Interval, Prediction, Results } from "../contract/results.ts";
import { type Metric, type MetricName, metricNamed } from "../metrics/metrics.ts";
import { decide } from "../statistics/decide.ts";
import { boundOfRatio, canCompare, comparedIn, groupOf, judgeDecision, sampleOf } from "../summary/comparison.ts";
import { type Bound, estimateOf } from "../summary/estimate.ts";
import { differencesBetween, remarksOn } from "./comparability.ts";

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
  /** After over before. */
  readonly ratio: Interval;
  readonly bound?: Bound;
  readonly noiseRatio?: number;
  readonly adjustedPValue: number;
  readonly verdict: Comparison["verdict"];
  /** Slower than the threshold allows, beyond chance. */
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
  readonly brokenPredictions: readonly BrokenPrediction[];
  /** Cells whose numbers may be believed in A but not in B. */
  readonly turnedInvalid: readonly string[];
}

/** The trials of A and B are independent, so they are compared unpaired; all metrics are decided together. */
export function compareResults(before: Results, after: Results, threshold: number): ResultsComparison {
  const pairs = before.cells.flatMap((cell) => {
    const other = after.cells.find((candidate) => cellKey(candidate) === cellKey(cell));
    return other === undefined ? [] : [{ before: cell, after: other }];
  });
  const { questions, notCompared } = askedOf(pairs);
  const decisions = decide(questions.map(({ group }) => group));
  const changes = questions.flatMap(({ metric, entries }, index) =>
    entries.map(({ cell, samples: [base, sample], before: was, after: is }, position): Change => {
      const judged = judgeDecision(decisions[index]![position]!, metric, boundOfRatio(sample, base));
      const { direction: _, ...rest } = judged;
      return {
        target: cell.target,
        scenario: cell.scenario,
        ...(cell.variant !== undefined && { variant: cell.variant }),
        metric: metric.name,
        before: was,
        ...(base.bound && { beforeBound: base.bound }),
        after: is,
        ...(sample.bound && { afterBound: sample.bound }),
        ...rest,
        regression: judged.verdict === "slower" && worseBy(judged.ratio.value, metric.better) > threshold,
      };
    }),
  );
  return {
    threshold,
    differences: differencesBetween(before, after),
    remarks: remarksOn(before, after),
    changes,
    notCompared: [...new Set(notCompared)],
    brokenPredictions: pairs.flatMap(brokenIn),
    turnedInvalid: pairs
      .filter((pair) => !isInvalid(pair.before) && isInvalid(pair.after))
      .map((pair) => cellKey(pair.after)),
  };
}

export const regressionsOf = ({ changes }: ResultsComparison): Change[] =>
  changes.filter(({ regression }) => regression);

/** Whether anything became worse that may not. */
export const hasRegressed = (comparison: ResultsComparison): boolean =>
  regressionsOf(comparison).length > 0 || comparison.brokenPredictions.length > 0;

function brokenIn({ before, after }: CellPair): BrokenPrediction[] {
  const [was, is] = [usable(before)?.predictions ?? [], usable(after)?.predictions ?? []];
  return was.flatMap(({ statement, metric, expected, verdict, measured }) => {
    const now = is.find((prediction) => prediction.metric === metric && prediction.statement === statement);
    if (verdict !== "held" || now?.verdict !== "failed" || measured === undefined || now.measured === undefined)
      return [];
    const { name } = metricNamed(metric);
    return [{ cell: cellKey(after), statement, metric: name, expected, before: measured, after: now.measured }];
  });
}

/** By what share it is worse; a rate halved is as much worse as a delay doubled. */
const worseBy = (ratio: number, better: "lower" | "higher" = "lower"): number =>
  (better === "lower" ? ratio : 1 / ratio) - 1;

const isInvalid = (cell: Cell): boolean => cell.state === "measured" && cell.validity.verdict === "invalid";

interface CellPair {
  readonly before: Cell;
  readonly after: Cell;
}

function askedOf(pairs: readonly CellPair[]) {
  const notCompared: string[] = [];
  const questions = [...Map.groupBy(pairs, ({ before }) => before.scenario).values()].flatMap((own) => {
    const asked = new Set(own.flatMap(({ before, after }) => [...comparedIn(before), ...comparedIn(after)]));
    return [...asked].map((metric) => questionOf(own, metric, notCompared));
  });
  // A pair in which one cell has no numbers is asked nothing: say so once.
  for (const { before, after } of pairs) {
    for (const cell of [before, after]) {
      if (cell.state !== "measured") notCompared.push(unmeasured(cell, cell === before ? "A" : "B"));
    }
  }
  return { questions, notCompared };
}

function questionOf(pairs: readonly CellPair[], metric: Metric, notCompared: string[]) {
  const entries = pairs.flatMap(({ before, after }) => {
    const [base, sample] = [sampleOf(before, metric), sampleOf(after, metric)];
    if (base === undefined || sample === undefined) {
      const isAsked = [before, after].some((cell) => comparedIn(cell).includes(metric));
      if (isAsked) notCompared.push(reasonFor(before, after, metric.name));
      return [];
    }
    if (!canCompare(sample, base)) {
      notCompared.push(`${cellKey(before)}: ${metric.title}: in both, the load generator was the limit`);
      return [];
    }
    const [was, is] = [intervalOf(before, metric.name), intervalOf(after, metric.name)];
    return [{ cell: before, samples: [base, sample] as const, before: was, after: is }];
  });
  const samples = entries.flatMap((entry) => entry.samples);
  const asked = entries.map((_, index) => [2 * index + 1, 2 * index] as const);
  return { metric, entries, group: groupOf(metric, samples, asked) };
}

const unmeasured = (cell: Exclude<Cell, { state: "measured" }>, file: "A" | "B"): string =>
  `${cellKey(cell)}: ${cell.state} in ${file}: ${cell.reason}`;

/** Of a metric whose sample could be read. */
const intervalOf = (cell: Cell, metric: string): Interval =>
  (cell as { summary: Record<string, Interval> }).summary[metric]!;

/** One reason for a whole cell, so that it is said once. */
function reasonFor(before: Cell, after: Cell, metric: MetricName): string {
  for (const [file, cell] of [
    ["A", before],
    ["B", after],
  ] as const) {
    if (cell.state !== "measured") return unmeasured(cell, file);
    const estimate = estimateOf(cell, metric);
    if (estimate.kind === "invalid") return `${cellKey(cell)}: ${estimate.why} (${file})`;
    if (estimate.kind === "absent") return `${cellKey(cell)}: ${metricNamed(metric).title}: ${estimate.why} (${file})`;
  }
  return `${cellKey(before)}: ${metricNamed(metric).title}: 0 has no ratio`;
}
