/** A bar of block characters. */
import type { Estimate } from "../../results/summary/estimate.ts";
import type { Bar } from "./screen-table.ts";

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** Exactly `width` columns; never nothing for what is not nothing. Hatched for a bound, with an arrow where it is cut. */
export function drawBar({ share, isCut, isBound }: Bar, width: number): string {
  if (isCut) return `${"█".repeat(width - 1)}▶`;
  if (isBound) return "▒".repeat(Math.max(1, Math.round(share * width))).padEnd(width);
  const steps = Math.max(1, Math.round(share * width * 8));
  return ("█".repeat(Math.floor(steps / 8)) + eighths[steps % 8]).padEnd(width);
}

/** A value so many times the least has no bar that would leave any of the least. */
const drawnTimesMax = 10;

/** Lengths are proportional to the values; what is more than `timesMax` times the least is cut. */
export function barsOf(estimates: readonly Estimate[], timesMax = drawnTimesMax): (Bar | undefined)[] {
  const values = estimates.flatMap((estimate) =>
    estimate.kind === "value" && estimate.interval.value > 0 ? [estimate.interval.value] : [],
  );
  const least = Math.min(...values);
  const longest = Math.max(...values.filter((value) => value <= timesMax * least));
  return estimates.map((estimate) => {
    if (estimate.kind !== "value" || estimate.interval.value <= 0) return undefined;
    const { value } = estimate.interval;
    return { share: Math.min(1, value / longest), isCut: value > longest, isBound: estimate.bound !== undefined };
  });
}
