/**
 * Which option fits, from what each costs and how much each cost counts. A score is the weighted geometric mean of the
 * costs, so that it has no unit, and twice the cost always costs the same, whatever the others are.
 */
import type { Interval } from "../contract/interval.ts";
import { type Criterion, criteria, type Weights } from "../contract/profile.ts";

export interface DecisionOption {
  readonly name: string;
  /** Above 0. A cost that is absent is not known. */
  readonly costs: Readonly<Partial<Record<Criterion, Interval>>>;
  /** What of a cost is there without a message; the rest grows with their number. */
  readonly standing: Readonly<Partial<Record<Criterion, number>>>;
}

export interface Ranked {
  readonly option: DecisionOption;
  /** Score over that of the first: 1 for the first. */
  readonly score: Interval;
  /** Whether the intervals of this one and the first overlap, so that nobody can tell which is first. */
  readonly isFirst: boolean;
}

export interface Decision {
  /** Best first. */
  readonly ranked: readonly Ranked[];
  /** Of those that lack a cost that counts and that others have. */
  readonly unranked: readonly { readonly option: DecisionOption; readonly lacks: readonly Criterion[] }[];
  /** Criteria that count, but that nobody has: they decide nothing. */
  readonly unknown: readonly Criterion[];
}

/** Costs of options that are ranked, and what each counts. */
const countedIn = (options: readonly DecisionOption[], weights: Weights): Criterion[] =>
  criteria.filter((criterion) => weights[criterion] > 0 && options.some(({ costs }) => costs[criterion] !== undefined));

export function decideBetween(options: readonly DecisionOption[], weights: Weights): Decision {
  const counted = countedIn(options, weights);
  const lacking = ({ costs }: DecisionOption): Criterion[] => counted.filter((name) => costs[name] === undefined);
  const complete = options.filter((option) => lacking(option).length === 0);
  const logs = complete
    .map((option) => ({ option, log: logScore(option, weights, counted) }))
    .sort((a, b) => a.log.value - b.log.value);
  const best = logs[0]?.log;
  return {
    ranked: logs.map(({ option, log }) => ({
      option,
      score: {
        value: Math.exp(log.value - best!.value),
        low: Math.exp(log.low - best!.value),
        high: Math.exp(log.high - best!.value),
      },
      isFirst: log.low <= best!.high,
    })),
    unranked: options.flatMap((option) => {
      const lacks = lacking(option);
      return lacks.length === 0 ? [] : [{ option, lacks }];
    }),
    unknown: criteria.filter((name) => weights[name] > 0 && !counted.includes(name)),
  };
}

/** Errors of the costs are taken as independent, so that they add up as squares. */
function logScore({ costs }: DecisionOption, weights: Weights, counted: readonly Criterion[]): Interval {
  const total = counted.reduce((sum, name) => sum + weights[name], 0);
  let [value, below, above] = [0, 0, 0];
  for (const name of counted) {
    const cost = costs[name]!;
    const share = weights[name] / total;
    value += share * Math.log(cost.value);
    below += (share * Math.log(cost.value / Math.max(cost.low, Number.MIN_VALUE))) ** 2;
    above += (share * Math.log(cost.high / cost.value)) ** 2;
  }
  return { value, low: value - Math.sqrt(below), high: value + Math.sqrt(above) };
}

/** Where another one comes first, everything else as it is. */
export type Flip =
  | { readonly kind: "weight"; readonly criterion: Criterion; readonly at: number; readonly to: string }
  /** `at` times the messages of the profile. */
  | { readonly kind: "rate"; readonly at: number; readonly to: string };

const weightMax = 100;
const rateRange = 100;
const stepsPerRange = 200;

/** The nearest flip of each kind: what it takes least to change comes first. */
export function flipsOf(options: readonly DecisionOption[], weights: Weights): Flip[] {
  const { ranked } = decideBetween(options, weights);
  const first = ranked[0]?.option.name;
  if (first === undefined || ranked.length < 2) return [];
  const complete = ranked.map(({ option }) => option);
  const weightFlips = criteria.flatMap((criterion): Flip[] => {
    const at = weightFlipOf(complete, weights, criterion);
    return at === undefined ? [] : [{ kind: "weight", criterion, ...at }];
  });
  const distance = (flip: Flip): number =>
    flip.kind === "rate"
      ? Math.abs(Math.log(flip.at))
      : Math.abs(Math.log((flip.at + 0.1) / (weights[flip.criterion] + 0.1)));
  return [...weightFlips, ...rateFlipsOf(complete, weights, first)].sort((a, b) => distance(a) - distance(b));
}

/**
 * The weight nearest to the given one at which the first is no longer first. Scores are linear in a weight, so each of
 * the others has one crossing at most.
 */
function weightFlipOf(
  [first, ...others]: readonly DecisionOption[],
  weights: Weights,
  criterion: Criterion,
): { at: number; to: string } | undefined {
  const known = (option: DecisionOption): boolean => option.costs[criterion] !== undefined;
  if (!known(first!)) return undefined;
  const counted = criteria.filter((name) => first!.costs[name] !== undefined);
  const crossings = others.filter(known).flatMap((other) => {
    const apart = (name: Criterion): number => {
      const [mine, theirs] = [first!.costs[name], other.costs[name]];
      return mine === undefined || theirs === undefined ? 0 : Math.log(theirs.value / mine.value);
    };
    const slope = apart(criterion);
    const lead = counted.reduce((sum, name) => sum + weights[name] * apart(name), 0);
    if (slope === 0 || lead <= 0) return [];
    const at = weights[criterion] - lead / slope;
    return at >= 0 && at <= weightMax ? [{ at, to: other.name }] : [];
  });
  // Neither weight may be one at which nothing counts any more.
  const othersCount = counted.some((name) => name !== criterion && weights[name] > 0);
  return crossings
    .filter(({ at }) => at > 0 || othersCount)
    .sort((a, b) => Math.abs(a.at - weights[criterion]) - Math.abs(b.at - weights[criterion]))[0];
}

/** The same option with so many times the messages: linear, from what was measured. */
function atRate({ name, costs, standing }: DecisionOption, factor: number): DecisionOption {
  const scaled = criteria.flatMap((criterion): [Criterion, Interval][] => {
    const [cost, fixed] = [costs[criterion], standing[criterion]];
    if (cost === undefined) return [];
    if (fixed === undefined) return [[criterion, cost]];
    const value = fixed + factor * Math.max(0, cost.value - fixed);
    return value > 0 ? [[criterion, { value, low: value, high: value }]] : [[criterion, cost]];
  });
  return { name, costs: Object.fromEntries(scaled), standing };
}

/** The nearest flip with fewer messages, and that with more. */
function rateFlipsOf(options: readonly DecisionOption[], weights: Weights, first: string): Flip[] {
  const firstAt = (factor: number): string =>
    decideBetween(
      options.map((option) => atRate(option, factor)),
      weights,
    ).ranked[0]!.option.name;
  if (firstAt(1) !== first) return [];
  return [rateRange, 1 / rateRange].flatMap((end): Flip[] => {
    const ratio = end ** (1 / stepsPerRange);
    let near = 1;
    for (let step = 1; step <= stepsPerRange; step++) {
      const far = ratio ** step;
      const to = firstAt(far);
      if (to !== first) return [{ kind: "rate", at: Math.sqrt(near * far), to }];
      near = far;
    }
    return [];
  });
}
