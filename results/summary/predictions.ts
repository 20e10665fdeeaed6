/** What was measured, held against what was expected of it beforehand. */
import type { Expectation, Prediction, Trial } from "../contract/results.ts";

type PredictedTrial = Pick<Trial, "measures">;

/** Why a trial cannot tell that the prediction failed although it looks so, as a sentence; undefined: it can. */
export type Excuse<Of extends PredictedTrial> = (expectation: Expectation, trial: Of) => string | undefined;

const noExcuse = (): undefined => undefined;

/**
 * A prediction holds if it held in every trial, and fails if it failed in one, whether or not the others have a number;
 * what is shown is the trial furthest from it. A trial with an excuse neither proves nor disproves it.
 */
export function holdAgainst<Of extends PredictedTrial>(
  expectation: Expectation,
  trials: readonly Of[],
  excuse: Excuse<Of> = noExcuse,
): Prediction {
  const outcomes = trials
    .flatMap((trial) => {
      const measured = trial.measures[expectation.metric];
      if (measured === undefined || Number.isNaN(measured)) return [];
      const beside = besideOf(expectation, measured);
      return [{ measured, beside, because: beside > 0 ? excuse(expectation, trial) : undefined }];
    })
    .sort((a, b) => b.beside - a.beside);
  const [furthest] = outcomes;
  const failed = outcomes.find(({ beside, because }) => beside > 0 && because === undefined);
  if (failed !== undefined) return { ...expectation, measured: failed.measured, verdict: "failed" };
  if (furthest?.because !== undefined) {
    const { measured, because } = furthest;
    return { ...expectation, measured, verdict: "cannot-tell", because };
  }
  if (furthest === undefined || outcomes.length < trials.length) return { ...expectation, verdict: "not-measured" };
  return { ...expectation, measured: furthest.measured, verdict: "held" };
}

/** How far a value lies outside of what was expected; 0 within. */
export const besideOf = (
  { expected: { low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY } }: Pick<Expectation, "expected">,
  value: number,
): number => Math.max(low - value, value - high, 0);
