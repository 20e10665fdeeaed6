/** What a check says. `cannot tell`: the machine did not let it be decided. */
export type Verdict = "passed" | "failed" | "cannot tell";

/** For what is counted: no machine is an excuse. */
export const judgeExact = (expected: number, measured: number): Verdict =>
  measured === expected ? "passed" : "failed";

export interface Comparison {
  readonly expected: number;
  readonly measured: number;
  /** Largest difference that is not a mistake, in the unit of the two. */
  readonly tolerance: number;
  /** Beyond the tolerance, how far the machine alone may have moved the measured value. */
  readonly noise: number;
}

/** A pass needs a noise the tolerance can see through, a failure a difference that noise cannot explain. */
export function judgeWithin({ expected, measured, tolerance, noise }: Comparison): Verdict {
  const difference = Math.abs(measured - expected);
  // Not `>`: nothing compares with NaN, and what was not measured must not pass.
  if (!(difference <= tolerance + noise)) return Number.isFinite(noise) ? "failed" : "cannot tell";
  return difference <= tolerance && noise <= tolerance ? "passed" : "cannot tell";
}

/** A failure that noise might imitate counts only if so many attempts in fresh processes show it and none passes. */
const failuresDefault = 2;

/**
 * One verdict from those of several attempts in fresh processes: what the harness does wrong it does in every attempt,
 * what the machine does to it comes and goes. Undefined: not decided yet.
 */
export function agree(
  verdicts: readonly Verdict[],
  { passesMin = 1, failuresMin = failuresDefault } = {},
): Verdict | undefined {
  const count = (verdict: Verdict): number => verdicts.filter((one) => one === verdict).length;
  const [passed, failed] = [count("passed"), count("failed")];
  if (passed >= passesMin && passed > failed) return "passed";
  return failed >= failuresMin && passed === 0 ? "failed" : undefined;
}
