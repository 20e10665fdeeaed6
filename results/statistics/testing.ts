/** Trials with known truth, for tests: seeded, so that a simulation gives the same answer on every machine. */

/** mulberry32: uniform in [0, 1). */
export function seededUniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Draws the logarithm of a trial's value around its true median, which is 0. */
export type Shape = (uniform: () => number) => number;

/** Standard normal (Box and Muller 1958). */
export const normal: Shape = (uniform) => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());

/** Values whose logarithm is normal; `cv` is their standard deviation over their mean. */
export const lognormal = (cv: number): Shape => {
  const sigma = Math.sqrt(Math.log1p(cv * cv));
  return (uniform) => sigma * normal(uniform);
};

/** Student's t with 3 degrees of freedom: outliers on both sides, far more often than normal. */
export const heavyTailed = (scale: number): Shape => {
  return (uniform) => {
    const squares = [0, 0, 0].reduce((sum) => sum + normal(uniform) ** 2, 0);
    return (scale * normal(uniform)) / Math.sqrt(squares / 3);
  };
};

/** Exponential: a hard lower end and a long upper tail, as delays have. */
export const skewed = (scale: number): Shape => {
  return (uniform) => scale * (-Math.log(1 - uniform()) - Math.LN2);
};

/** One trial in five is 40 % slower: a disturbed one, or a start that went the other way. */
export const bimodal = (cv: number): Shape => {
  const noise = lognormal(cv);
  // The median of the mixture is a little above that of the fast trials: 62.5 % of them lie below it.
  const shift = 0.3186 * Math.sqrt(Math.log1p(cv * cv));
  return (uniform) => (uniform() < 0.2 ? Math.log(1.4) : 0) + noise(uniform) - shift;
};

/** So many trials of a target with this true median. */
export const drawTrials = (shape: Shape, uniform: () => number, trials: number, truth = 1): number[] =>
  Array.from({ length: trials }, () => truth * Math.exp(shape(uniform)));

export interface Sets {
  /** True median of each target. */
  readonly truths: readonly number[];
  readonly shapes: readonly Shape[];
  readonly sets: number;
  /** How far the machine is off in a set, for all targets alike: standard deviation of the logarithm. Default 0.2. */
  readonly drift?: number;
}

/** One list per target, one value per set: what a set shares, all its targets share. */
export function drawSets({ truths, shapes, sets, drift = 0.2 }: Sets, uniform: () => number): number[][] {
  const shared = Array.from({ length: sets }, () => Math.exp(drift * normal(uniform)));
  return truths.map((truth, target) => shared.map((factor) => truth * factor * Math.exp(shapes[target]!(uniform))));
}
