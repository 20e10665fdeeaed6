/** A window that was measured slice by slice, in turn with those of other targets: its slices make one window. */
import type { Window } from "../contract/results.ts";
import { encodeHistogram, sumHistograms } from "../statistics/histogram.ts";
import { useOverSlices } from "./flows.ts";

/** What flows record is counted, and adds up, but for their rates. */
const ruleOf = (name: string): "sum" | "max" | "mean" =>
  (useOverSlices as Readonly<Record<string, "sum" | "max" | "mean">>)[name] ??
  (name.endsWith("RatePerSecond") ? "mean" : "sum");

/**
 * One window per name, in the order in which the names first came. Counts and histograms are added, so percentiles are
 * those of all messages; rates and shares are means over the time measured.
 */
export function joinSlices(slices: readonly Window[]): Window[] {
  return [...Map.groupBy(slices, ({ name }) => name).values()].map(joinAlike);
}

function joinAlike(slices: readonly Window[]): Window {
  const [first] = slices as [Window, ...Window[]];
  if (slices.length === 1) return first;
  return {
    name: first.name,
    startMs: first.startMs,
    durationMs: slices.reduce((sum, { durationMs }) => sum + durationMs, 0),
    measures: Object.fromEntries(
      namesIn(slices.map(({ measures }) => measures)).flatMap((name) => {
        const value = joined(slices, name);
        return value === undefined ? [] : [[name, value]];
      }),
    ),
    histograms: Object.fromEntries(
      namesIn(slices.map(({ histograms }) => histograms)).map((name) => [
        name,
        encodeHistogram(sumHistograms(slices.flatMap(({ histograms }) => histograms[name] ?? []))!),
      ]),
    ),
  };
}

const namesIn = (records: readonly object[]): string[] => [...new Set(records.flatMap(Object.keys))];

/** Undefined for an amount that a slice could not tell: the rest would pass for all of it. */
function joined(slices: readonly Window[], name: string): number | undefined {
  const seen = slices.flatMap(({ durationMs, measures }) => {
    const value = measures[name];
    return value === undefined ? [] : [{ durationMs, value }];
  });
  const sum = (amount: (slice: (typeof seen)[number]) => number): number =>
    seen.reduce((total, slice) => total + amount(slice), 0);
  switch (ruleOf(name)) {
    case "sum":
      return seen.length < slices.length ? undefined : sum(({ value }) => value);
    case "max":
      return Math.max(...seen.map(({ value }) => value));
    case "mean":
      return sum(({ value, durationMs }) => value * durationMs) / sum(({ durationMs }) => durationMs);
  }
}
