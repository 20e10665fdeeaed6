/**
 * What each of several things costs, from sums of them: weighted least squares whose coefficients are not negative
 * (Lawson and Hanson, Solving Least Squares Problems, chapter 23), with a bootstrap of the residuals for what they are
 * worth (Davison and Hinkley, Bootstrap Methods and their Application, section 6.3).
 */
import { seededRandom } from "../../protocol/random.ts";

/** One measured sum: `y` is coefficients · `xs`, but for what it scatters by. */
export interface SumOfCosts {
  readonly xs: readonly number[];
  readonly y: number;
}

export interface NonNegativeFit {
  readonly coefficients: readonly number[];
  /** The same from each of so many resamples of the residuals: what else they might have come out as. */
  readonly draws: readonly (readonly number[])[];
}

interface FitOptions {
  /** The part of the scatter that does not grow with `y`, in its unit. */
  readonly floor: number;
  readonly resamples: number;
}

/** Rows are weighted by what they scatter by, which takes the fit: so often is it refined. */
const reweightings = 4;

/** Undefined where there are no more rows than coefficients: nothing would be left to tell what they are worth by. */
export function fitNonNegative(
  rows: readonly SumOfCosts[],
  { floor, resamples }: FitOptions,
): NonNegativeFit | undefined {
  const columns = rows[0]?.xs.length ?? 0;
  if (rows.length <= columns || columns === 0) return undefined;
  // Large sums scatter in proportion to themselves, small ones by what is always there.
  let scatters = rows.map(({ y }) => y + floor);
  let fit = new WeightedRows(rows, scatters);
  let coefficients = fit.solve(rows.map(({ y }) => y));
  let fitted = rows.map(({ xs }) => dot(coefficients, xs));
  for (let round = 0; round < reweightings; round++) {
    scatters = fitted.map((y) => y + floor);
    fit = new WeightedRows(rows, scatters);
    coefficients = fit.solve(rows.map(({ y }) => y));
    fitted = rows.map(({ xs }) => dot(coefficients, xs));
  }
  const free = coefficients.filter((value) => value > 0).length;
  const residuals = inflated(
    rows.map(({ y }, row) => (y - fitted[row]!) / scatters[row]!),
    free,
  );
  const random = seededRandom(1);
  const draws = Array.from({ length: resamples }, () =>
    fit.solve(
      fitted.map((y, row) => Math.max(0, y + scatters[row]! * residuals[Math.floor(random() * residuals.length)]!)),
      coefficients,
    ),
  );
  return { coefficients, draws };
}

/** A fit bends towards its own rows: the residuals of new ones are larger by about this. */
export function inflated(residuals: readonly number[], coefficients: number): number[] {
  const left = Math.max(1, residuals.length - coefficients);
  return residuals.map((residual) => residual * Math.sqrt(residuals.length / left));
}

const sweepsMax = 5000;
const settled = 1e-6;

/** Coordinate descent: the sum of squares is convex, so its minimum in one coefficient after the other leads to the minimum. */
class WeightedRows {
  readonly #rows: readonly SumOfCosts[];
  readonly #weights: readonly number[];
  readonly #products: readonly (readonly number[])[];

  constructor(rows: readonly SumOfCosts[], scatters: readonly number[]) {
    this.#rows = rows;
    this.#weights = scatters.map((scatter) => scatter ** -2);
    const columns = [...rows[0]!.xs.keys()];
    this.#products = columns.map((a) => columns.map((b) => this.#sum((xs) => xs[a]! * xs[b]!)));
  }

  /** `from`: where to begin, the nearer the sooner it is done. */
  solve(ys: readonly number[], from: readonly number[] = []): number[] {
    const products = this.#products;
    const targets = products.map((_, column) => this.#sum((xs, row) => xs[column]! * ys[row]!));
    const coefficients = products.map((_, column) => from[column] ?? 0);
    for (let sweep = 0; sweep < sweepsMax; sweep++) {
      let moved = 0;
      for (const [column, own] of products.entries()) {
        const square = own[column]!;
        if (square === 0) continue;
        const before = coefficients[column]!;
        const after = Math.max(0, before + (targets[column]! - dot(own, coefficients)) / square);
        coefficients[column] = after;
        moved = Math.max(moved, Math.abs(after - before) * Math.sqrt(square));
      }
      if (moved < settled) break;
    }
    return coefficients;
  }

  #sum(of: (xs: readonly number[], row: number) => number): number {
    return this.#rows.reduce((sum, { xs }, row) => sum + of(xs, row) * this.#weights[row]!, 0);
  }
}

export const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, index) => sum + value * b[index]!, 0);
