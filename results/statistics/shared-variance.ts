/**
 * Three trials say little about their own spread, but a run has dozens of cells. Each cell's variance is drawn towards
 * what is usual for its metric, by as much as the cells agree with each other: hardly where they are unlike, mostly
 * where they are alike (after Smyth, "Linear models and empirical Bayes methods for assessing differential expression",
 * 2004, sections 3 and 6.2).
 */
import { digamma, inverseTrigamma, trigamma } from "./gamma.ts";
import { logVariance, mean, variance } from "./moments.ts";

export interface Spread {
  /** Of the logarithms of one cell's trials. */
  readonly variance: number;
  readonly degreesOfFreedom: number;
}

/**
 * One spread per cell, for groups of cells that share a scenario and a metric. How much cells agree is learnt from all
 * groups together, what is usual from the group alone. A cell without any spread teaches and learns nothing: its
 * metric is not a matter of chance. Cells need two trials.
 */
export function shareVariances(groups: readonly (readonly (readonly number[])[])[]): Spread[][] {
  const own = groups.map((cells) => cells.map(ownSpread));
  const teaching = own.map((spreads) => spreads.filter((spread) => spread.variance > 0));
  const degreesOfFreedom = priorDegreesOfFreedom(teaching);
  return own.map((spreads, index) => {
    const prior = teaching[index]!;
    if (prior.length < 2 || degreesOfFreedom === 0) return spreads;
    const available = prior.reduce((sum, spread) => sum + spread.degreesOfFreedom, 0);
    const usual = usualVariance(prior);
    return spreads.map((spread) => (spread.variance === 0 ? spread : draw(spread, usual, degreesOfFreedom, available)));
  });
}

const ownSpread = (values: readonly number[]): Spread => ({
  variance: logVariance(values),
  degreesOfFreedom: values.length - 1,
});

/**
 * What is usual is known from few trials itself, so it is never worth more than those; and it counts half, or one
 * restless target among quiet ones would be taken for quiet too often.
 */
function draw(own: Spread, usual: number, prior: number, available: number): Spread {
  const worth = 0.5 / (1 / prior + 1 / available);
  const together = worth + own.degreesOfFreedom;
  return {
    variance: (worth * usual + own.degreesOfFreedom * own.variance) / together,
    degreesOfFreedom: Math.min(together, available),
  };
}

/** Logarithm of a variance, freed of the bias that few trials give it. */
const unbiasedLog = ({ variance: own, degreesOfFreedom }: Spread): number =>
  Math.log(own) - digamma(degreesOfFreedom / 2) + Math.log(degreesOfFreedom / 2);

/** How many degrees of freedom the usual variance is worth; infinite where cells differ no more than by chance. */
function priorDegreesOfFreedom(groups: readonly (readonly Spread[])[]): number {
  let excess = 0;
  let freedom = 0;
  for (const spreads of groups.filter(({ length }) => length >= 2)) {
    const logs = spreads.map(unbiasedLog);
    const expected = mean(spreads.map(({ degreesOfFreedom }) => trigamma(degreesOfFreedom / 2)));
    excess += (variance(logs) - expected) * (spreads.length - 1);
    freedom += spreads.length - 1;
  }
  if (freedom === 0) return 0;
  return excess <= 0 ? Number.POSITIVE_INFINITY : 2 * inverseTrigamma(excess / freedom);
}

/** The plain mean, which restless cells pull up: a quiet one is rather taken for noisier than it is. */
function usualVariance(spreads: readonly Spread[]): number {
  const freedom = spreads.reduce((sum, { degreesOfFreedom }) => sum + degreesOfFreedom, 0);
  return spreads.reduce((sum, spread) => sum + spread.variance * spread.degreesOfFreedom, 0) / freedom;
}
