/** Numbers that fit a narrow column: two or three digits, and the unit in the heading where all cells share it. */
import type { Ratio } from "../../results/contract/results.ts";
import { formatQuantity, type Unit } from "../../results/quantities/format.ts";
import { type Bound, type Estimate, signOf } from "../../results/summary/estimate.ts";

/** `75.1k`, `980`, `1.20M`. */
export function formatCompact(value: number): string {
  const rounded = Number(value.toPrecision(3));
  const [size, letter] = rounded >= 1e6 ? [1e6, "M"] : rounded >= 1e4 ? [1e3, "k"] : [1, ""];
  const digits = rounded / size;
  const decimals = digits >= 100 || digits === 0 ? 0 : digits >= 10 ? 1 : 2;
  return digits.toFixed(decimals) + letter;
}

/** `≥75.1k`, or `≤154 µs`: a bound and what it bounds, without a space. */
export const signed = (bound: Bound | undefined, text: string): string => signOf(bound).trim() + text;

/** As a column shows it whose heading has the unit: rates without `/s`, memory in KiB. */
export function formatCell(value: number, unit: Unit): string {
  if (unit === "perSecond") return formatCompact(value);
  if (unit === "memory") return formatCompact(value / 2 ** 10);
  return formatQuantity(value, unit);
}

/** A bound with its sign, or where both ends of it are known, the bracket: `54–71k`. */
export function formatEstimate({ interval, bound, upTo }: Extract<Estimate, { kind: "value" }>, unit: Unit): string {
  const isBracket = bound === "at-least" && upTo !== undefined && upTo > interval.value && unit === "perSecond";
  return isBracket ? bracket(interval.value, upTo) : signed(bound, formatCell(interval.value, unit));
}

/** Its upper end is computed and not measured, so that two digits are enough. */
function bracket(low: number, high: number): string {
  const [size, letter] = high >= 1e4 ? [1e3, "k"] : [1, ""];
  const ends = [low, high].map((rate) => {
    const rounded = Number(rate.toPrecision(2)) / size;
    return rounded >= 10 || size === 1 ? String(Math.round(rounded)) : rounded.toFixed(1);
  });
  return `${ends[0] === ends[1] ? `≥${ends[0]}` : ends.join("–")}${letter}`;
}

/** `2.35 (2.17–2.73)`, `2.35 (≤2.73)`: a ratio with as many decimals as its middle needs, and what is known of its ends. */
export function formatRatio({ value, low, high }: Ratio): string {
  const decimals = value >= 100 ? 0 : value >= 9.995 ? 1 : value >= 0.0995 ? 2 : 3;
  const show = (ratio: number): string => {
    if (ratio > 0 && ratio < 0.5 / 10 ** decimals) return `<${(1 / 10 ** decimals).toFixed(decimals)}`;
    return ratio.toFixed(ratio >= 100 ? 0 : ratio >= 9.995 ? Math.min(decimals, 1) : decimals);
  };
  if (low !== undefined && high !== undefined) return `${show(value)} (${show(low)}–${show(high)})`;
  if (high !== undefined) return `${show(value)} (≤${show(high)})`;
  return low === undefined ? show(value) : `${show(value)} (≥${show(low)})`;
}
