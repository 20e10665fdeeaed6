/** What was measured, held against what was expected of it beforehand. */
import type { Expectation, Prediction, Trial } from "../contract/results.ts";

/**
 * A prediction holds if it held in every trial, and fails if it failed in one, whether or not the others have a number;
 * what is shown is the trial furthest from it.
 */
export function holdAgainst(expectation: Expectation, trials: readonly Pick<Trial, "measures">[]): Prediction {
  const { low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY } = expectation.expected;
  const beside = (value: number): number => Math.max(low - value, value - high, 0);
  const values = trials
    .flatMap(({ measures }) => measures[expectation.metric] ?? [])
    .filter((value) => !Number.isNaN(value))
    .sort((a, b) => beside(b) - beside(a));
  const [measured] = values;
  if (measured !== undefined && beside(measured) > 0) return { ...expectation, measured, verdict: "failed" };
  if (measured === undefined || values.length < trials.length) return { ...expectation, verdict: "not-measured" };
  return { ...expectation, measured, verdict: "held" };
}
