/** Numbers of a capacity plan as people read them. */
import { formatCount, formatMemory, formatQuantity } from "../../results/quantities/format.ts";
import type { RowUnit } from "./plan-rows.ts";

/** Whole numbers in full below a million, otherwise three significant digits. */
export function number(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return formatCount(value);
  const short = formatQuantity(value, "perSecond").replace("/s", "");
  return short.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

/** `60 %`, `0.42 %`. */
export const percent = (share: number): string => `${number(share * 100)} %`;

/** A core that is busy all the time is one second of CPU time per second. */
export function coresInWords(cores: number): string {
  const digits = number(cores);
  return `${digits} ${digits === "1" ? "core" : "cores"}`;
}

export const memoryInWords = (bytes: number): string =>
  bytes >= 2 ** 30 ? formatMemory(bytes) : formatQuantity(bytes, "bytes");

export function figure(value: number, unit: RowUnit): string {
  switch (unit) {
    case "perSecond":
      return `${number(Number(value.toPrecision(6)))}/s`;
    case "nodes":
      return `${number(value)} ${value === 1 ? "node" : "nodes"}`;
    case "count":
      return number(value);
    case "cores":
      return coresInWords(value);
    case "share":
      return percent(value);
    case "memory":
      return memoryInWords(value);
    case "mbitPerSecond":
      return `${number(value)} Mbit/s`;
  }
}
