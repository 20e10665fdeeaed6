/**
 * What a comparison with a known answer says. Pure: expected, measured, noise in; verdict out.
 *
 * Noise is how far the machine alone may have moved the measured value. A pass needs a noise the tolerance can see
 * through, a miss a difference that noise cannot explain; everything between is not decided, and said to be so.
 */
export type Verdict = "passed" | "missed" | "too noisy";

export interface Comparison {
  readonly expected: number;
  readonly measured: number;
  /** Largest difference that is not a mistake, in the unit of the two. */
  readonly tolerance: number;
  readonly noise: number;
}

export function judgeWithin({ expected, measured, tolerance, noise }: Comparison): Verdict {
  const difference = Math.abs(measured - expected);
  // Not `>`: nothing compares with NaN, and what was not measured must not pass.
  if (!(difference <= tolerance + noise)) return Number.isFinite(noise) ? "missed" : "too noisy";
  return difference <= tolerance && noise <= tolerance ? "passed" : "too noisy";
}

/** For what is counted: no machine is an excuse. */
export const judgeExact = (expected: number, measured: number): Verdict =>
  measured === expected ? "passed" : "missed";

/** 1 % or 50 microseconds, whichever is larger. */
export const toleranceNs = (expectedNs: number): number => Math.max(expectedNs / 100, 50_000);

/** A miss counts only if so many trials in fresh processes show it and none passes. */
const missesMin = 2;

/**
 * One verdict from those of several trials in fresh processes: what the harness does wrong it does in every trial,
 * what the machine does to it comes and goes. Undefined: not decided yet.
 */
export function agree(verdicts: readonly Verdict[], passesMin: number): Verdict | undefined {
  const count = (verdict: Verdict): number => verdicts.filter((one) => one === verdict).length;
  const [passed, missed] = [count("passed"), count("missed")];
  if (passed >= passesMin && passed > missed) return "passed";
  return missed >= missesMin && passed === 0 ? "missed" : undefined;
}
