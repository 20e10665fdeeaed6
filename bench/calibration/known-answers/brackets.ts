/**
 * A measured percentile between two that are certain. What is known of each message is an interval that holds its
 * delay; then the percentile of all lower ends is at most that of the delays, and that of the upper ends at least.
 * It holds on any machine: noise makes the interval wider and never wrong, so a percentile outside is a mistake of
 * the harness, and one inside a wide interval is not decided.
 */
import type { Verdict } from "./judge.ts";

export interface Bracket {
  readonly low: number;
  readonly high: number;
}

/** HdrHistogram keeps three significant digits and answers with the upper end of a bucket; a header holds whole nanoseconds. */
const precisionShare = 0.002;
const precisionNs = 2000;

/** The value of rank n * p / 100, rounded up, as HdrHistogram counts ranks; what rounding of the product adds does not count. */
export function percentileOf(sorted: Float64Array | readonly number[], percentile: number): number {
  const rank = Math.max(1, Math.ceil((sorted.length * percentile) / 100 - 1e-9));
  return sorted[Math.min(rank, sorted.length) - 1] ?? Number.NaN;
}

export function bracketOf(intervals: readonly Bracket[], percentile: number): Bracket {
  const at = (pick: (interval: Bracket) => number): number =>
    percentileOf(Float64Array.from(intervals, pick).sort(), percentile);
  return { low: at(({ low }) => low), high: at(({ high }) => high) };
}

/**
 * A bracket decides if it is this narrow, or if the measured value lies this close to one of its ends: to when the wire
 * handed the answer on, or to when the sender proved that it had it.
 */
const widthShare = 0.1;
const widthNs = 250_000;

/** Whether a measured value in nanoseconds is where it must be, and whether that says anything. */
export function judgeBracket(bracket: Bracket, measured: number): Verdict {
  const inside = judgeInside(bracket, measured);
  if (inside !== "passed") return inside;
  const { from, to } = withPrecision(bracket);
  const narrow = Math.max(widthNs, widthShare * bracket.high);
  return Math.min(to - measured, measured - from) <= narrow ? "passed" : "cannot tell";
}

/** The same for a bracket that is open to one side. */
export function judgeInside(bracket: Bracket, measured: number): Verdict {
  if (Number.isNaN(bracket.low + bracket.high)) return "cannot tell";
  const { from, to } = withPrecision(bracket);
  // Not `<`: nothing compares with NaN, and what was not measured must not pass.
  return measured >= from && measured <= to ? "passed" : "failed";
}

const withPrecision = ({ low, high }: Bracket): { from: number; to: number } => ({
  from: low * (1 - precisionShare) - precisionNs,
  to: high * (1 + precisionShare) + precisionNs,
});
