/** What cells recorded over time or another quantity, as points. */
import { completeTrials, usable } from "../../results/contract/cells.ts";
import type { Series, Trial } from "../../results/contract/results.ts";
import type { CellView } from "../view/view.ts";

/** The trial whose course of events is shown: the first, since an average of courses is none. */
export function shownTrial({ cell }: CellView): Trial | undefined {
  const found = usable(cell);
  return found && completeTrials(found)[0];
}

/** `1.25 s` after the start of the measurement; before it negative. */
export const seconds = (atMs: number): string => `${Number((atMs / 1000).toFixed(3))} s`;

/** A series is a few hundred values; beyond this a figure has no room for them. */
const valuesShownMax = 5000;

export interface SeriesPoint {
  readonly x: number;
  readonly value: number;
}

export const seriesPoints = ({ xs, values }: Series): SeriesPoint[] =>
  xs.slice(0, valuesShownMax).map((x, index) => ({ x, value: values[index]! }));

/** A series over time in steps, each value at the end of its step; the first is there at the start of its step too. */
export function timePoints(series: Series, zeroMs = 0): { readonly atMs: number; readonly value: number }[] {
  const points = seriesPoints(series).map(({ x, value }) => ({ atMs: x - zeroMs, value }));
  const [first, second] = points;
  if (first === undefined || second === undefined) return points;
  return [{ atMs: 2 * first.atMs - second.atMs, value: first.value }, ...points];
}

export const isOverTime = ({ x, xs }: Series): boolean => x === "timeMs" && xs.length > 0;

/** An axis of milliseconds as seconds; only the last of several panels is labelled. */
export const timeAxis = (title: string, isLast = true) =>
  isLast
    ? { title, labelExpr: "format(datum.value / 1000, '~g') + ' s'", tickCount: 5, labelFlush: false }
    : { labels: false, title: null, tickCount: 5 };
