/** Scales and axes the figures share. */

/** A Vega expression that writes microseconds as µs, ms or s. */
export const delayLabel =
  "datum.value < 1 ? format(datum.value * 1000, '~g') + ' ns' : datum.value < 1000 ? format(datum.value, '~g') + ' µs' : " +
  "datum.value < 1e6 ? format(datum.value / 1000, '~g') + ' ms' : format(datum.value / 1e6, '~g') + ' s'";

export interface LogScale {
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
}

/**
 * A logarithmic scale that ends on marked values. Marks at 1, 2 and 5 of each decade where there are few decades, at
 * 1 and 3 or at 1 alone where there are more.
 */
export function logScale(values: readonly number[]): LogScale {
  const positive = values.filter((value) => value > 0);
  const low = Math.min(...positive);
  const high = Math.max(...positive);
  const decades = Math.log10(high / low);
  const steps = decades < 1.7 ? [1, 2, 5] : decades < 4 ? [1, 3] : [1];
  const marks: number[] = [];
  for (let decade = Math.floor(Math.log10(low)) - 1; decade <= Math.ceil(Math.log10(high)); decade++) {
    for (const step of steps) marks.push(Number((step * 10 ** decade).toPrecision(1)));
  }
  const first = marks.findLastIndex((mark) => mark <= low);
  const last = marks.findIndex((mark) => mark >= high);
  const ticks = marks.slice(first, Math.max(last, first + 1) + 1);
  return { domain: [ticks[0]!, ticks.at(-1)!], ticks };
}

/** Whether values are so far apart that a linear axis would hide the small ones. */
export const spansDecades = (values: readonly number[]): boolean => {
  const positive = values.filter((value) => value > 0);
  return Math.max(...positive) / Math.min(...positive) > 12;
};

export const delayAxis = (scale: LogScale, title: string) => ({
  title,
  values: [...scale.ticks],
  labelExpr: delayLabel,
  labelOverlap: false,
});
