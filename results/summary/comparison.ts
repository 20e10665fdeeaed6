import { completeTrials } from "../contract/cells.ts";
import type { Cell, Comparison } from "../contract/results.ts";
import { type Metric, metricNamed, metrics } from "../metrics/metrics.ts";
import { type Decision, decide, type Group } from "../statistics/decide.ts";
import { type Bound, estimateOf } from "./estimate.ts";

/** What targets are compared by in a cell. */
export const comparedIn = (cell: Cell): Metric[] =>
  cell.state !== "measured"
    ? []
    : metrics.filter(
        ({ name, compared }) =>
          cell.summary[name] !== undefined && (compared === true || compared === `${cell.parameters.load?.kind} loop`),
      );

/** A comparison, and which way the number itself lies. */
export interface PairComparison extends Comparison {
  readonly direction: Decision["direction"];
}

/** The believable trials of a cell in one metric. */
export interface Sample {
  readonly values: readonly number[];
  readonly bound: Bound | undefined;
}

/** The targets of one experiment and variant, and one metric of theirs. */
interface Question {
  readonly scenario: string;
  readonly variant: string | undefined;
  readonly metric: Metric;
  readonly entries: readonly { readonly target: string; readonly sample: Sample }[];
  readonly group: Group;
}

/**
 * Every pair of targets in every compared metric, decided together, so that equal targets are rarely told apart
 * anywhere. A pair with the reference in it is the other over the reference.
 */
export function comparePairs(cells: readonly Cell[], reference: string | undefined): PairComparison[] {
  const questions = questionsOf(cells, reference);
  const decisions = decide(questions.map(({ group }) => group));
  return questions.flatMap(({ scenario, variant, metric, entries, group }, index) =>
    group.pairs.map(([a, b], position): PairComparison => {
      const decision = decisions[index]![position]!;
      const [target, base] = [entries[a]!, entries[b!]!];
      const judged = judgeDecision(decision, metric, boundOfRatio(target.sample, base.sample));
      const about = { scenario, ...(variant !== undefined && { variant }), metric: metric.name };
      return { ...about, reference: base.target, target: target.target, ...judged };
    }),
  );
}

/** Every believable cell against the reference's cell of the same experiment. */
export const compareWithReference = (cells: readonly Cell[], reference: string): Comparison[] =>
  comparePairs(cells, reference)
    .filter((pair) => pair.reference === reference)
    .map(({ direction: _, ...comparison }) => comparison);

function questionsOf(cells: readonly Cell[], reference: string | undefined): Question[] {
  const alike = Map.groupBy(cells, ({ scenario, variant }) => JSON.stringify([scenario, variant]));
  return [...alike.values()].flatMap((own) => {
    const asked = new Set(own.flatMap(comparedIn).map(({ name }) => name));
    const { scenario, variant } = own[0]!;
    return [...asked].map((name) => questionOf(own, scenario, variant, metricNamed(name), reference));
  });
}

function questionOf(
  cells: readonly Cell[],
  scenario: string,
  variant: string | undefined,
  metric: Metric,
  reference: string | undefined,
): Question {
  const entries = cells
    .toSorted((a, b) => Number(b.target === reference) - Number(a.target === reference))
    .flatMap((cell) => {
      const sample = sampleOf(cell, metric);
      return sample === undefined ? [] : [{ target: cell.target, sample }];
    });
  const pairs = entries.flatMap((target, index) =>
    entries
      .slice(0, index)
      .flatMap((base, before) => (canCompare(target.sample, base.sample) ? [[index, before] as const] : [])),
  );
  const samples = entries.map(({ sample }) => sample);
  return { scenario, variant, metric, entries, group: groupOf(metric, samples, pairs) };
}

/** Undefined for a cell whose numbers must not be believed, and where a trial cannot tell or a ratio has no meaning. */
export function sampleOf(cell: Cell, metric: Metric): Sample | undefined {
  const estimate = estimateOf(cell, metric.name);
  if (estimate.kind !== "value" || cell.state !== "measured") return undefined;
  const trials = completeTrials(cell);
  if (trials.some(({ flags }) => flags.some(({ code }) => code === metric.notComparedIf))) return undefined;
  const values = trials
    .map(({ measures }) => measures[metric.name])
    .filter((value) => value !== undefined && value > 0);
  return values.length < trials.length ? undefined : { values: values as number[], bound: estimate.bound };
}

/** Histograms keep three significant digits, so that two readings of one delay may lie 0.2 % apart. */
const delayResolution = 1.002;

export const groupOf = (metric: Metric, samples: readonly Sample[], pairs: Group["pairs"]): Group => ({
  samples: samples.map(({ values }) => values),
  pairs,
  resolution: metric.unit === "us" || metric.unit === "ratio" ? delayResolution : 1,
});

/** The ratio of two bounds bounds nothing. */
export const canCompare = (target: Sample, base: Sample): boolean =>
  target.bound === undefined || base.bound === undefined;

/** If the base could be higher than measured, the ratio could be lower. */
const opposite = { "at-least": "at-most", "at-most": "at-least" } as const satisfies Record<Bound, Bound>;

export const boundOfRatio = (target: Sample, base: Sample): Bound | undefined =>
  target.bound ?? (base.bound && opposite[base.bound]);

/** A decision in the words of the metric; a bound is never said to lie on the side where the truth may be. */
export function judgeDecision(decision: Decision, { better = "lower" }: Metric, bound: Bound | undefined) {
  const { ratio, noiseRatio, adjustedPValue } = decision;
  const hidden = { higher: "at-most", lower: "at-least" } as const;
  const direction = decision.direction && hidden[decision.direction] !== bound ? decision.direction : undefined;
  const verdict = direction === undefined ? "indistinguishable" : direction === better ? "faster" : "slower";
  return {
    ratio,
    ...(bound && { bound }),
    ...(noiseRatio !== undefined && { noiseRatio }),
    adjustedPValue,
    verdict,
    direction,
  } as const;
}
