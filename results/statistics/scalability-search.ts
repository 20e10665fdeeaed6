/**
 * Least squares for the Universal Scalability Law on a logarithmic scale: ln(X/N) = ln λ − ln(1 + σ(N−1) + κN(N−1)), by
 * Levenberg and Marquardt's damped steps, kept within 0 ≤ σ ≤ 1 (a share) and 0 ≤ κ ≤ 1 (from there on two nodes
 * always do less than one).
 */

export interface Point {
  readonly nodes: number;
  /** Natural logarithm of the throughput per node. */
  readonly log: number;
}

export interface Parameters {
  /** Natural logarithm of λ. */
  readonly logLambda: number;
  /** σ. */
  readonly contention: number;
  /** κ. */
  readonly coherency: number;
}

type Vector = [number, number, number];

const lower: Vector = [-Infinity, 0, 0];
const upper: Vector = [Infinity, 1, 1];

/** Where a search begins that knows nothing; which minimum it ends in must not depend on chance. */
const starts: readonly [contention: number, coherency: number][] = [
  [0.05, 0.005],
  [0.5, 0.0001],
  [0.01, 0.1],
];

export const sumOfSquares = (points: readonly Point[], parameters: Parameters): number =>
  squares(points, toVector(parameters));

/** The best parameters; those given in `fixed` keep their value. The search begins at `near` where that is given. */
export function leastSquares(points: readonly Point[], fixed: Partial<Parameters>, near?: Parameters): Parameters {
  let best: Vector | undefined;
  let least = Infinity;
  for (const [contention, coherency] of near === undefined ? starts : [[near.contention, near.coherency] as const]) {
    const [sigma, kappa] = [fixed.contention ?? contention, fixed.coherency ?? coherency];
    const found = descend(
      points,
      [fixed.logLambda ?? logLambdaOf(points, sigma, kappa), sigma, kappa],
      [fixed.logLambda === undefined, fixed.contention === undefined, fixed.coherency === undefined],
    );
    const sum = squares(points, found);
    if (sum < least) [best, least] = [found, sum];
  }
  const [logLambda, contention, coherency] = best!;
  return { logLambda, contention, coherency };
}

const toVector = ({ logLambda, contention, coherency }: Parameters): Vector => [logLambda, contention, coherency];

const denominator = (nodes: number, sigma: number, kappa: number): number => 1 + (nodes - 1) * (sigma + kappa * nodes);

const residual = ({ nodes, log }: Point, [logLambda, sigma, kappa]: Vector): number =>
  log - logLambda + Math.log(denominator(nodes, sigma, kappa));

const squares = (points: readonly Point[], at: Vector): number =>
  points.reduce((sum, point) => sum + residual(point, at) ** 2, 0);

const logLambdaOf = (points: readonly Point[], sigma: number, kappa: number): number =>
  points.reduce((sum, point) => sum + residual(point, [0, sigma, kappa]), 0) / points.length;

function descend(points: readonly Point[], start: Vector, free: readonly boolean[]): Vector {
  let at = start;
  let sum = squares(points, at);
  let damping = 1e-3;
  for (let step = 0; step < 200 && damping < 1e14; step++) {
    const { gradient, curvature } = slopes(points, at);
    // A parameter at its bound that is drawn beyond it stays there, and the others move without it.
    const moving = [0, 1, 2].filter(
      (i) => free[i] && !(at[i]! <= lower[i]! && gradient[i]! <= 0) && !(at[i]! >= upper[i]! && gradient[i]! >= 0),
    );
    if (moving.length === 0) break;
    const change = solve(moving, curvature, gradient, damping);
    const next = at.map((value, i) => Math.min(upper[i]!, Math.max(lower[i]!, value + change[i]!))) as Vector;
    const nextSum = squares(points, next);
    const settled = next.every((value, i) => Math.abs(value - at[i]!) < 1e-12 * (1 + Math.abs(value)));
    if (nextSum < sum) {
      [at, sum, damping] = [next, nextSum, damping / 10];
    } else {
      damping *= 10;
    }
    if (settled) break;
  }
  return at;
}

/** Half the downhill gradient of the sum of squares, and Gauss and Newton's curvature. */
function slopes(points: readonly Point[], at: Vector): { gradient: Vector; curvature: [Vector, Vector, Vector] } {
  const gradient: Vector = [0, 0, 0];
  const curvature: [Vector, Vector, Vector] = [
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ];
  for (const point of points) {
    const { nodes } = point;
    const below = denominator(nodes, at[1], at[2]);
    const derivatives: Vector = [1, -(nodes - 1) / below, (-nodes * (nodes - 1)) / below];
    const error = residual(point, at);
    for (const i of [0, 1, 2] as const) {
      gradient[i] += derivatives[i] * error;
      for (const j of [0, 1, 2] as const) curvature[i][j] += derivatives[i] * derivatives[j];
    }
  }
  return { gradient, curvature };
}

/** The damped step of the moving parameters, by Gaussian elimination; 0 for the others. */
function solve(moving: readonly number[], curvature: readonly Vector[], gradient: Vector, damping: number): Vector {
  const rows = moving.map((i) => [...moving.map((j) => curvature[i]![j]! * (i === j ? 1 + damping : 1)), gradient[i]!]);
  for (const [pivot, row] of rows.entries()) {
    for (const other of rows.slice(pivot + 1)) {
      const factor = other[pivot]! / row[pivot]!;
      for (let column = pivot; column <= rows.length; column++) other[column]! -= factor * row[column]!;
    }
  }
  const change: Vector = [0, 0, 0];
  for (let pivot = rows.length - 1; pivot >= 0; pivot--) {
    const row = rows[pivot]!;
    const known = moving.slice(pivot + 1).reduce((sum, i, offset) => sum + row[pivot + 1 + offset]! * change[i]!, 0);
    const step = (row.at(-1)! - known) / row[pivot]!;
    change[moving[pivot]!] = Number.isFinite(step) ? step : 0;
  }
  return change;
}
