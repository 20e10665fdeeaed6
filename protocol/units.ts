/** Durations, sizes and rates as people write them: a number and its unit, never a bare number. */
import { WirebenchError } from "./errors.ts";

const durationUnits: Record<string, number> = { us: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
/** In any case, as everybody writes them another way: `KB` and `kb` are 1000 bytes, only `KiB` and `kib` are 1024. */
const sizeUnits: Record<string, number> = {
  b: 1,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  kb: 1000,
  mb: 1e6,
  gb: 1e9,
};
const multiples: Record<string, number> = { "": 1, k: 1e3, m: 1e6 };

/** `250ms`, `10s`, `2m`, `1h` in milliseconds. */
export const parseDurationMs = (text: string): number =>
  parseQuantity(text, durationUnits, "a duration with its unit, e.g. 250ms, 10s or 2m");

/** `256B`, `64KiB`, `4GiB` in bytes. */
export function parseBytes(text: string): number {
  const expected = "a whole number of bytes with its unit, e.g. 256B, 64KiB or 1MiB";
  const bytes = parseQuantity(text.toLowerCase(), sizeUnits, expected, text);
  if (!Number.isInteger(bytes)) throw expectedError(expected, text);
  return bytes;
}

/** `1000`, `1k` or `1000/s` in messages per second. */
export function parseRatePerSecond(text: string): number {
  const [, number, multiple = ""] = /^(\d+(?:\.\d+)?)([km]?)(?:\/s)?$/i.exec(text) ?? [];
  const rate = Number(number) * multiples[multiple.toLowerCase()]!;
  if (!(rate > 0)) throw expectedError("a rate in messages per second, e.g. 1000 or 0.5/s", text);
  return rate;
}

/** `5%` as a share, 0.05. */
export function parsePercent(text: string): number {
  const share = Number(/^(\d+(?:\.\d+)?)%$/.exec(text)?.[1]) / 100;
  if (!(share > 0)) throw expectedError("a percentage above 0, e.g. 5%", text);
  return share;
}

/** `p99=50ms`: a percentile from 1 to 99.99 and the delay it must not exceed. */
export function parseObjective(text: string): { percentile: number; delayUsMax: number } {
  const [, percentileText, delay] = /^p(\d+(?:\.\d+)?)=(.+)$/.exec(text) ?? [];
  const percentile = Number(percentileText);
  if (!(percentile >= 1 && percentile <= 99.99)) {
    throw expectedError("an objective like p99=50ms, with a percentile from 1 to 99.99", text);
  }
  return { percentile, delayUsMax: parseDurationMs(delay!) * 1000 };
}

/** A whole number of at least `min`; `10k` and `1.5M` are 10,000 and 1,500,000. */
export function parseCount(text: string, min: number = 1): number {
  const [, number, multiple = ""] = /^(\d+|\d+\.\d+(?=[km]))([km]?)$/i.exec(text) ?? [];
  const count = Number((Number(number) * multiples[multiple.toLowerCase()]!).toFixed(6));
  if (!Number.isSafeInteger(count) || count < min) throw expectedError(`a whole number of at least ${min}`, text);
  return count;
}

function parseQuantity(text: string, units: Record<string, number>, expected: string, given = text): number {
  const match = /^(\d+(?:\.\d+)?)([A-Za-z]+)$/.exec(text);
  const factor = match === null ? undefined : units[match[2]!];
  const value = Number(match?.[1]) * (factor ?? Number.NaN);
  if (!(value > 0)) throw expectedError(expected, given);
  return value;
}

const expectedError = (expected: string, got: string): WirebenchError =>
  new WirebenchError("usage", `expected ${expected}, got "${got}"`);
