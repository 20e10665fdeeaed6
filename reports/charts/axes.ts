/** Scales and axes the figures share. */

/** A Vega expression that writes microseconds as µs, ms or s. */
export const delayLabel =
  "datum.value === 0 ? '0' : datum.value < 1 ? format(datum.value * 1000, '~g') + ' ns' : datum.value < 1000 ? format(datum.value, '~g') + ' µs' : " +
  "datum.value < 1e6 ? format(datum.value / 1000, '~g') + ' ms' : format(datum.value / 1e6, '~g') + ' s'";

export interface LogScale {
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
}

/** Marks within a decade, from fine to coarse. */
const markings = [[1, 2, 5], [1, 3], [1]] as const;

/** A logarithmic scale that ends on marked values, marked as finely as `marksMax` allows; values must be above 0. */
export function logScale(values: readonly number[], marksMax: number): LogScale {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const scales = markings.map((steps) => marksAround(low, high, steps));
  const ticks = scales.find((marks) => marks.length <= marksMax) ?? scales.at(-1)!;
  return { domain: [ticks[0]!, ticks.at(-1)!], ticks };
}

/** The marks from the last that is not above `low` to the first that is not below `high`, at least two. */
function marksAround(low: number, high: number, steps: readonly number[]): number[] {
  const marks: number[] = [];
  for (let decade = Math.floor(Math.log10(low)) - 1; decade <= Math.ceil(Math.log10(high)) + 1; decade++) {
    for (const step of steps) marks.push(Number((step * 10 ** decade).toPrecision(1)));
  }
  const first = marks.findLastIndex((mark) => mark <= low);
  const last = marks.findIndex((mark) => mark >= high);
  return marks.slice(first, Math.max(last, first + 1) + 1);
}

/** Whether values are so far apart that a linear axis would hide the small ones. */
export const spansDecades = (values: readonly number[]): boolean =>
  Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) > 12;

export const delayAxis = (scale: LogScale, title: string) => ({
  title,
  values: [...scale.ticks],
  labelExpr: delayLabel,
  labelOverlap: false,
  labelFlush: false,
});
