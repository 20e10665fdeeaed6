/** A straight line through a handful of points, by least squares. */
import { mean } from "./moments.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Line {
  readonly slope: number;
  readonly intercept: number;
  /** Farthest point's vertical distance from the line, as a share of the line's rise over all points; infinite if it does not rise. */
  readonly residualShare: number;
}

/** A line through fewer points hardly shows whether it is one. */
export const pointsForLineMin = 4;

/** Undefined for fewer points, or if all have the same x. */
export function fitLine(points: readonly Point[]): Line | undefined {
  const middle = { x: mean(points.map(({ x }) => x)), y: mean(points.map(({ y }) => y)) };
  const spread = points.reduce((sum, { x }) => sum + (x - middle.x) ** 2, 0);
  if (points.length < pointsForLineMin || spread === 0) return undefined;
  const slope = points.reduce((sum, { x, y }) => sum + (x - middle.x) * (y - middle.y), 0) / spread;
  const intercept = middle.y - slope * middle.x;
  const xs = points.map(({ x }) => x);
  const rise = slope * (Math.max(...xs) - Math.min(...xs));
  const farthest = Math.max(...points.map(({ x, y }) => Math.abs(y - intercept - slope * x)));
  return { slope, intercept, residualShare: rise > 0 ? farthest / rise : Number.POSITIVE_INFINITY };
}
