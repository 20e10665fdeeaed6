/** How far apart two equal targets land by chance, learnt from the trials of the run itself (an A/A test at no cost). */
import { level } from "./intervals.ts";
import { median } from "./moments.ts";
import { twoSidedQuantile } from "./student-t.ts";

/** Middle distance of two normal values, as a share of their standard deviation, inverted (Shamos 1976). */
const shamosFactor = 1.0483;

/**
 * Trials of one cell are replicates: same target, same parameters, fresh processes. Gives the standard deviation of
 * their logarithms from the middle distance of two trials of a cell, over all cells, so that neither a disturbed
 * trial nor a restless cell decides. Undefined where no cell has two trials.
 */
export function replicateDeviation(cells: readonly (readonly number[])[]): number | undefined {
  const distances = cells.flatMap((values) =>
    values.flatMap((a, index) => values.slice(0, index).map((b) => Math.abs(Math.log(a / b)))),
  );
  return distances.length === 0 ? undefined : shamosFactor * median(distances);
}

/**
 * The ratio that the medians of two equal targets stay below in 95 of 100 runs, the larger over the smaller, by their
 * numbers of trials: 1.07 says that they differ by up to 7 %. At least `resolution`, the smallest step the metric can
 * show. Undefined where no cell has two trials.
 */
export function noiseRatios(
  cells: readonly (readonly number[])[],
  resolution: number,
): (trials: number, baseTrials: number) => number | undefined {
  const deviation = replicateDeviation(cells);
  if (deviation === undefined) return () => undefined;
  const degreesOfFreedom = cells.reduce((sum, { length }) => sum + length - 1, 0);
  const reach = twoSidedQuantile(level, degreesOfFreedom) * deviation;
  return (trials, baseTrials) =>
    Math.max(resolution, Math.exp(reach * Math.sqrt(medianVariance(trials) + medianVariance(baseTrials))));
}

/** Variance of the median of so many normal values of variance 1, to 5 % for odd numbers: pi / (2n + pi - 2). */
const medianVariance = (trials: number): number => Math.PI / (2 * trials + Math.PI - 2);
