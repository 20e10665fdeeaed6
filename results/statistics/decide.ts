/** The one place that decides what an interval of a ratio says. */

/** Ends of where a true ratio lies, with 95 % confidence; one that is absent is unknown. */
export interface Ends {
  readonly low?: number | undefined;
  readonly high?: number | undefined;
}

/**
 * What differs by less is not told apart, however small the interval: fresh processes of one and the same program on one
 * machine differ by some percent through no merit of theirs. It also keeps equal targets from being told apart.
 */
export const noticeableRatio = 1.05;

/** Two that differ by no more than this, one way or the other, are called equal: "within 13 %" is said of them. */
export const equivalentRatio = 1.25;

export type Decision = "higher" | "lower" | "equal" | "cannot-tell";

/**
 * Higher or lower: the whole interval lies beyond `noticeableRatio`. Equal: it lies within `equivalentRatio`. What is
 * both is higher or lower.
 */
export function decide({ low = 0, high = Number.POSITIVE_INFINITY }: Ends): Decision {
  if (low > noticeableRatio) return "higher";
  if (high < 1 / noticeableRatio) return "lower";
  return withinRatio({ low, high }) <= equivalentRatio ? "equal" : "cannot-tell";
}

/** The factor that a true ratio stays within, one way or the other: at least 1, and infinite where an end is unknown. */
export const withinRatio = ({ low = 0, high = Number.POSITIVE_INFINITY }: Ends): number => Math.max(high, 1 / low, 1);
