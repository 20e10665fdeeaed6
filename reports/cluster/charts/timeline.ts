import type { Series } from "../../../results/contract/cluster-results.ts";

/** `1.25 s` after the start of the measurement; before it negative. */
export const seconds = (atMs: number): string => `${Number((atMs / 1000).toFixed(3))} s`;

/** A series is a few hundred values; beyond this a figure has no room for them. */
const valuesShownMax = 5000;

/** A series as points in time, each at the end of its step; the first is there at the start of its step too. */
export const seriesPoints = ({ startMs, stepMs, values }: Series, zeroMs = 0): { atMs: number; value: number }[] =>
  [...values.slice(0, 1), ...values.slice(0, valuesShownMax)].map((value, index) => ({
    atMs: startMs + index * stepMs - zeroMs,
    value,
  }));
