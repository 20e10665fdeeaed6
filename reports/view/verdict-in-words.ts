/** What a comparison says, in the words of a reader: nothing here is more certain than its interval. */
import type { Comparison, Ratio } from "../../results/contract/results.ts";
import { formatInterval, formatQuantity } from "../../results/quantities/format.ts";
import { withinRatio } from "../../results/statistics/decide.ts";
import { signOf } from "../../results/summary/estimate.ts";

/** `2.95× (2.38–3.65)`, `≥ 2.95×`: for a table. */
export function formatRatio({ ratio: { value, low, high }, bound }: Pick<Comparison, "ratio" | "bound">): string {
  const sign = signOf(bound);
  if (low === undefined || high === undefined) return `${sign}${formatQuantity(value, "ratio")}`;
  return `${sign}${formatInterval({ value, low, high }, "ratio")}`;
}

/** `within 13 %` for an equal pair, else what is sure of the ratio: `2.3 to 3.7 times`, `at most 1.6 times`. */
export const verdictInWords = ({ ratio, verdict }: Pick<Comparison, "ratio" | "verdict">): string =>
  verdict === "equal" ? withinInWords(ratio) : timesInWords(ratio);

/** How far apart the two may be at most: `within 13 %`, rounded up. */
export function withinInWords(ratio: Ratio): string {
  const percent = (withinRatio(ratio) - 1) * 100;
  if (percent === 0) return "exactly the same";
  return `within ${percent < 1 ? Math.ceil(percent * 10) / 10 : Math.ceil(percent)} %`;
}

/** Where the true ratio lies, rounded outwards. */
export function timesInWords({ low, high }: Ratio): string {
  if (low === undefined && high === undefined) return "unknown";
  if (high === undefined) return `at least ${rounded(low!, Math.floor)} times`;
  if (low === undefined) return `at most ${rounded(high, Math.ceil)} times`;
  const ends = [rounded(low, Math.floor), rounded(high, Math.ceil)];
  return ends[0] === ends[1] ? `${ends[0]} times` : `${ends.join(" to ")} times`;
}

/** 1.07, 2.4, 12, 520: as many digits as matter. */
function rounded(ratio: number, towards: (value: number) => number): string {
  const digits = ratio < 2 ? 2 : ratio < 10 ? 1 : 0;
  // What a product of rounding errors lies beyond a digit is none of it.
  return (towards(Number((ratio * 10 ** digits).toPrecision(9))) / 10 ** digits).toFixed(digits);
}
