/** A bar of block characters. */
import type { Bar } from "./screen-table.ts";

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** Exactly `width` columns; never nothing for what is not nothing. Hatched for a bound, with an arrow where it is cut. */
export function drawBar({ share, isCut, isBound }: Bar, width: number): string {
  if (isCut) return `${"█".repeat(width - 1)}▶`;
  if (isBound) return "▒".repeat(Math.max(1, Math.round(share * width))).padEnd(width);
  const steps = Math.max(1, Math.round(share * width * 8));
  return ("█".repeat(Math.floor(steps / 8)) + eighths[steps % 8]).padEnd(width);
}
