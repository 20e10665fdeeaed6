/** Two results set against each other, cell by cell: what changed from A to B, and whether it became worse. */

import {
  type Cell,
  type Comparison,
  type Interval,
  type Results,
  type ScenarioName,
  scenarioNames,
} from "../contract/results.ts";
import { metricNamed } from "../metrics/metrics.ts";
import { decide } from "../statistics/decide.ts";
import { boundOfRatio, canCompare, comparedMetrics, groupOf, judgeDecision, sampleOf } from "../summary/comparison.ts";
import { type Bound, readMetric } from "../summary/reading.ts";
import { cellKey, differencesBetween, remarksOn } from "./comparability.ts";

/** One metric of one cell in both results. */
export interface Change {
  readonly target: string;
  readonly scenario: ScenarioName;
  readonly metric: string;
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
  /** Slower than the threshold allows, and not by luck. */
  readonly regression: boolean;
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
    turnedInvalid: pairs
      .filter((pair) => !isInvalid(pair.before) && isInvalid(pair.after))
      .map((pair) => cellKey(pair.after)),
  };
}

export const regressionsOf = ({ changes }: ResultsComparison): Change[] =>
  changes.filter(({ regression }) => regression);

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
  const questions = scenarioNames.flatMap((scenario) =>
    comparedMetrics[scenario].map((name) => {
      const metric = metricNamed(name);
      const entries = pairs.flatMap(({ before, after }) => {
        if (before.scenario !== scenario) return [];
        const [base, sample] = [sampleOf(before, metric), sampleOf(after, metric)];
        if (base === undefined || sample === undefined) {
          notCompared.push(reasonFor(before, after, name));
          return [];
        }
        if (!canCompare(sample, base)) {
          notCompared.push(`${cellKey(before)}: ${metric.title}: in both, the load generator was the limit`);
          return [];
        }
        const [was, is] = [intervalOf(before, name), intervalOf(after, name)];
        return [{ cell: before, samples: [base, sample] as const, before: was, after: is }];
      });
      const samples = entries.flatMap((entry) => entry.samples);
      const asked = entries.map((_, index) => [2 * index + 1, 2 * index] as const);
      return { metric, entries, group: groupOf(metric, samples, asked) };
    }),
  );
  return { questions, notCompared };
}

/** Of a metric whose sample could be read. */
const intervalOf = (cell: Cell, metric: string): Interval =>
  (cell as { summary: Record<string, Interval> }).summary[metric]!;

/** One reason for a whole cell, so that it is said once. */
function reasonFor(before: Cell, after: Cell, metric: string): string {
  for (const [file, cell] of [
    ["A", before],
    ["B", after],
  ] as const) {
    if (cell.state !== "measured") return `${cellKey(cell)}: ${cell.state} in ${file}: ${cell.reason}`;
    const reading = readMetric(cell, metric);
    if (reading.kind === "invalid") return `${cellKey(cell)}: ${reading.why} (${file})`;
    if (reading.kind === "absent") return `${cellKey(cell)}: ${metricNamed(metric).title}: ${reading.why} (${file})`;
  }
  return `${cellKey(before)}: ${metricNamed(metric).title}: 0 has no ratio`;
}
