import type { Cell, Comparison, ScenarioName } from "../contract/results.ts";
import { completeTrials } from "../contract/trials.ts";
import { type Metric, metricNamed } from "../metrics/metrics.ts";
import { type Decision, decide, type Group } from "../statistics/decide.ts";
import { type Bound, readMetric } from "./reading.ts";

/** What of each scenario is compared. */
export const comparedMetrics: Record<ScenarioName, readonly string[]> = {
  echo: ["scheduledP50Us", "scheduledP99Us", "serverCpuUsPerMessage", "wireBytesPerMessage", "connectP50Us"],
  throughput: ["achievedRatePerSecond", "serverCpuUsPerMessage"],
  duplex: ["uplinkP50Us", "downlinkP50Us"],
  idle: ["memoryBytesPerConnection"],
};

/** A comparison, and which way the number itself lies. */
export interface PairComparison extends Comparison {
  readonly direction: Decision["direction"];
}

/** The believable trials of a cell in one metric. */
export interface Sample {
  readonly values: readonly number[];
  readonly bound: Bound | undefined;
}

/**
 * Every pair of targets in every compared metric, decided together, so that equal targets are rarely told apart
 * anywhere. A pair with the reference in it is the other over the reference.
 */
export function comparePairs(cells: readonly Cell[], reference: string | undefined): PairComparison[] {
  const questions = Object.entries(comparedMetrics).flatMap(([scenario, names]) =>
    names.map((name) => questionOf(cells, scenario as ScenarioName, metricNamed(name), reference)),
  );
  const decisions = decide(questions.map(({ group }) => group));
  return questions.flatMap(({ scenario, metric, entries, group }, index) =>
    group.pairs.map(([a, b], position): PairComparison => {
      const decision = decisions[index]![position]!;
      const [target, base] = [entries[a]!, entries[b!]!];
      const judged = judgeDecision(decision, metric, boundOfRatio(target.sample, base.sample));
      return { scenario, metric: metric.name, reference: base.target, target: target.target, ...judged };
    }),
  );
}

/** Every believable cell against the reference's cell of the same scenario. */
export const compareWithReference = (cells: readonly Cell[], reference: string): Comparison[] =>
  comparePairs(cells, reference)
    .filter((pair) => pair.reference === reference)
    .map(({ direction: _, ...comparison }) => comparison);

function questionOf(cells: readonly Cell[], scenario: ScenarioName, metric: Metric, reference: string | undefined) {
  const entries = cells
    .filter((cell) => cell.scenario === scenario)
    .sort((a, b) => Number(b.target === reference) - Number(a.target === reference))
    .flatMap((cell) => {
      const sample = sampleOf(cell, metric);
      return sample === undefined ? [] : [{ target: cell.target, sample }];
    });
  const pairs = entries.flatMap((target, index) =>
    entries
      .slice(0, index)
      .flatMap((base, before) => (canCompare(target.sample, base.sample) ? [[index, before] as const] : [])),
  );
  return {
    scenario,
    metric,
    entries,
    group: groupOf(
      metric,
      entries.map(({ sample }) => sample),
      pairs,
    ),
  };
}

/** Undefined for a cell whose numbers must not be believed, and where a trial cannot tell or a ratio has no meaning. */
export function sampleOf(cell: Cell, metric: Metric): Sample | undefined {
  const reading = readMetric(cell, metric.name);
  if (reading.kind !== "value" || cell.state !== "measured") return undefined;
  if (completeTrials(cell).some((trial) => metric.comparable?.(trial) === false)) return undefined;
  const values = completeTrials(cell)
    .map((trial) => metric.read(trial, cell.parameters))
    .filter((value) => value !== undefined && value > 0) as number[];
  return values.length < completeTrials(cell).length ? undefined : { values, bound: reading.bound };
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
