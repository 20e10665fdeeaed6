/** Quantities as humans read them. Inside, delays are microseconds; three significant digits are shown. */
import type { Interval } from "../contract/results.ts";

/** `count` is of anything but messages; `share` is a part of 1, shown in percent; `ms` is a clock, in milliseconds. */
export type Unit = "us" | "ms" | "perSecond" | "bytes" | "memory" | "messages" | "count" | "ratio" | "share";

const thousands = (digits: string): string =>
  digits.replace(/^-?\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));

/** Three significant digits, never in exponent form. */
function significant(value: number): string {
  const rounded = Number(value.toPrecision(3));
  if (rounded === 0) return "0";
  const digitsBefore = Math.floor(Math.log10(Math.abs(rounded))) + 1;
  return thousands(rounded.toFixed(Math.min(12, Math.max(0, 3 - digitsBefore))));
}

/** A number and its unit apart, so that a range can share the unit. */
interface Scaled {
  readonly digits: string;
  readonly unit: string;
}

const delayUnits = [
  { unit: "ns", us: 1e-3 },
  { unit: "µs", us: 1 },
  { unit: "ms", us: 1e3 },
  { unit: "s", us: 1e6 },
] as const;

/** A clock cannot see nothing: a delay of 0 reads as less than its resolution. */
function scaledDelay(us: number): Scaled {
  const rounded = Number(us.toPrecision(3));
  if (rounded === 0) return { digits: "<1", unit: "ns" };
  const { unit, us: size } = delayUnits.findLast((candidate) => Math.abs(rounded) >= candidate.us) ?? delayUnits[0];
  return { digits: significant(us / size), unit };
}

function scaledBytes(bytes: number): Scaled {
  if (Math.abs(bytes) >= 1e5) {
    return bytes >= 1e8
      ? { digits: significant(bytes / 2 ** 20), unit: "MiB" }
      : { digits: significant(bytes / 2 ** 10), unit: "KiB" };
  }
  const digits = Number.isInteger(bytes) || Math.abs(bytes) >= 100 ? bytes.toFixed(0) : bytes.toFixed(1);
  return { digits: thousands(digits), unit: "B" };
}

/** Memory is estimated, not counted, so it has no more than three digits. */
const scaledMemory = (bytes: number): Scaled =>
  Math.abs(bytes) >= 999.5 * 2 ** 10
    ? { digits: significant(bytes / 2 ** 20), unit: "MiB" }
    : { digits: significant(bytes / 2 ** 10), unit: "KiB" };

function scaledClock(ms: number): Scaled {
  return Number(ms.toPrecision(3)) === 0 ? { digits: "<1", unit: "ms" } : scaledDelay(ms * 1000);
}

/** Half a thing can be the median of two trials. */
const countDigits = (value: number): string => thousands(value.toFixed(1).replace(/\.0$/, ""));

/** Three significant digits, but what is not all never reads as 100, and what is not nothing never as 0. */
function percentDigits(share: number): string {
  if (share === 0) return "0";
  if (share === 1) return "100";
  const percent = share * 100;
  if (Math.abs(percent) < 0.001) return "<0.001";
  for (let digits = 3; digits < 15; digits++) {
    const shown = Number(percent.toPrecision(digits));
    if (shown !== 100) return digits === 3 ? significant(percent) : String(shown);
  }
  return "100";
}

/** A ratio that three digits would round to an even 1 although it is not. */
const nearlyOne = (ratio: number): boolean => ratio !== 1 && Number(ratio.toPrecision(3)) === 1;

function scaled(value: number, unit: Unit): Scaled {
  switch (unit) {
    case "us":
      return scaledDelay(value);
    case "ms":
      return scaledClock(value);
    case "bytes":
      return scaledBytes(value);
    case "memory":
      return scaledMemory(value);
    case "perSecond":
      return { digits: significant(value), unit: "/s" };
    case "messages":
      return { digits: formatCount(value), unit: "" };
    case "count":
      return { digits: countDigits(value), unit: "" };
    case "share":
      return { digits: percentDigits(value), unit: "%" };
    case "ratio":
      return { digits: nearlyOne(value) ? value.toPrecision(4) : significant(value), unit: "×" };
  }
}

const join = ({ digits, unit }: Scaled): string =>
  unit === "" || unit === "/s" || unit === "×" ? `${digits}${unit}` : `${digits} ${unit}`;

/** `151 µs`, `65,500/s`, `522 B`, `1.04×`. */
export const formatQuantity = (value: number, unit: Unit): string => join(scaled(value, unit));

/**
 * The value and, in brackets, its interval: `151 µs (148–160)`; with units of their own where they differ; only the
 * value where there is no interval or its ends read the same.
 */
export function formatInterval({ value, low, high }: Interval, unit: Unit): string {
  const middle = scaled(value, unit);
  const ends = [scaled(low, unit), scaled(high, unit)] as const;
  if (ends.every((end) => join(end) === join(middle))) return join(middle);
  const shared = ends.every((end) => end.unit === middle.unit);
  return `${join(middle)} (${ends.map((end) => (shared ? end.digits : join(end))).join("–")})`;
}

/** What lies between two ends, the unit said once where they share it: `30.0–36.7 %`; one number where both read the same. */
export function formatRange(low: number, high: number, unit: Unit): string {
  const ends = [scaled(low, unit), scaled(high, unit)] as const;
  if (join(ends[0]) === join(ends[1])) return join(ends[0]);
  return `${ends[0].unit === ends[1].unit ? ends[0].digits : join(ends[0])}–${join(ends[1])}`;
}

/** `12,345`. */
export const formatCount = (value: number): string => thousands(String(Math.round(value)));

/** `450 ms`, `5 s`, `2 min`: a length of time somebody chose, as exact as it was chosen. */
export function formatDuration(ms: number): string {
  if (ms >= 120_000) return `${(ms / 60_000).toFixed(1).replace(/\.0$/, "")} min`;
  return ms >= 1000 ? `${Number((ms / 1000).toFixed(3))} s` : `${Number(ms.toFixed(3))} ms`;
}

/** `24.0 GiB`. */
export const formatMemory = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** `A, B and C`. */
export const formatList = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;

/** `1 trial`, `3 trials`. */
export const plural = (count: number, noun: string): string => `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
