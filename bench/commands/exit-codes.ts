import { WirebenchError } from "../../protocol/errors.ts";
import type { Cell, Results } from "../../results/contract/results.ts";
import { plural } from "../../results/quantities/format.ts";
import { anythingCompared, hasRegressed, type ResultsComparison } from "../../results/regression/regression.ts";

/** What the shell learns of a command's end. */
export const exitCodes = {
  ok: 0,
  /** Something unexpected, a failed cell included. */
  unexpected: 1,
  usage: 2,
  conformanceFailed: 3,
  /** Numbers that are not true, or none at all. */
  invalidResult: 4,
  regression: 5,
  interrupted: 130,
} as const;

/**
 * The worst thing that happened in a run: interrupted, failed, refused, invalid or nothing measured, in this order. A
 * prediction that failed is a finding.
 */
export function exitCodeOf({ interrupted, cells }: Pick<Results, "interrupted" | "cells">): number {
  if (interrupted) return exitCodes.interrupted;
  const states = new Set(cells.map(({ state }) => state));
  if (states.has("failed")) return exitCodes.unexpected;
  if (states.has("refused")) return exitCodes.conformanceFailed;
  const invalid = cells.some((cell) => cell.state === "measured" && cell.validity.verdict === "invalid");
  return invalid || !states.has("measured") ? exitCodes.invalidResult : exitCodes.ok;
}

/** Of a run that ended by itself without a number, the last line it says; undefined where there is one. */
export function whyNothing({ interrupted, cells }: Pick<Results, "interrupted" | "cells">): string | undefined {
  if (interrupted || cells.some(({ state }) => state === "measured")) return undefined;
  const reasons = [...new Set(cells.flatMap((cell) => (cell.state === "measured" ? [] : inShort(cell))))];
  const more = reasons.length > 1 ? ` (and ${plural(reasons.length - 1, "reason")} more)` : "";
  return `Nothing was measured: ${reasons[0] ?? "there was no cell to measure"}${more}`;
}

/** Without what a program said before it ended. */
const inShort = ({ state, reason }: Exclude<Cell, { state: "measured" }>): string =>
  `${state.replace("-", " ")}: ${reason.split("\n")[0]!.replace(/; it said:$/, "")}`;

/** A regression, or else numbers that may be believed no longer, or none at all: silence is not a pass. */
export function exitCodeOfComparison(comparison: ResultsComparison): number {
  if (hasRegressed(comparison)) return exitCodes.regression;
  const unknown = comparison.turnedInvalid.length > 0 || !anythingCompared(comparison);
  return unknown ? exitCodes.invalidResult : exitCodes.ok;
}

export const exitCodeOfError = (error: unknown): number =>
  error instanceof WirebenchError && (error.code === "usage" || error.code === "results-unreadable")
    ? exitCodes.usage
    : exitCodes.unexpected;
