/**
 * The Universal Scalability Law, X(N) = λN / (1 + σ(N−1) + κN(N−1)) (Gunther, Guerrilla Capacity Planning, 2007, ch. 4),
 * fitted to throughputs at a few node counts. Least squares on the logarithms, since a throughput varies in proportion
 * to itself. The intervals are profile likelihoods (Bates and Watts, Nonlinear Regression Analysis, 1988, section 6.1):
 * a parameter may be whatever leaves, with the others adapted to it, a sum of squares that chance explains. They take
 * the law for granted and every trial for a draw of its own.
 */
import type { Interval } from "../contract/results.ts";
import { level } from "./intervals.ts";
import { leastSquares, type Parameters, type Point, sumOfSquares } from "./scalability-search.ts";
import { twoSidedQuantile } from "./student-t.ts";

export interface ScalingPoint {
  readonly nodes: number;
  readonly deliveriesPerSecond: number;
}

export interface ScalingLaw {
  /** λ: what one node alone would do. */
  readonly perNodePerSecond: Interval;
  /** σ: the share that is serialised. */
  readonly contention: Interval;
  /** κ: the cost of nodes agreeing pairwise. */
  readonly coherency: Interval;
  /** Beyond this the throughput falls; absent where κ is 0. */
  readonly peakNodes?: number;
  readonly worstResidualShare: number;
}

type Points = readonly ScalingPoint[];
type Fit = ScalingLaw;

/** Parameters of the law. */
const parameterCount = 3;
export const scalingPointsMin = parameterCount + 1;
/** Less than this more than with the fewest nodes is chance. */
const gainShareMin = 0.05;
/** Beyond this distance of a node count's mean from the curve, the law does not describe it. */
const residualShareMax = 0.2;

/**
 * The fit, or a sentence why there is none: fewer than four points or three node counts, a throughput of 0, nodes that
 * add nothing, points that tell nothing, or a shape that is not that of the law. A κ or σ of 0 is an answer and not a failure. Points of several
 * trials at one node count count one by one. All ends of intervals are finite: σ and κ lie between 0 and 1.
 */
export function fitScalability(points: Points): { readonly fit: Fit } | { readonly reason: string } {
  const reason = unfit(points);
  if (reason !== undefined) return { reason };
  const logs = points.map(({ nodes, deliveriesPerSecond }) => ({ nodes, log: Math.log(deliveriesPerSecond / nodes) }));
  const best = leastSquares(logs, {});
  if (best.contention >= 1) return { reason: noGain(points) };
  const worstResidualShare = Math.max(...residualShares(logs, best).map(Math.abs));
  if (worstResidualShare > residualShareMax) return { reason: misfit(logs, best) };
  const interval = (name: keyof Parameters): Interval => profileInterval(logs, best, name);
  const logLambda = interval("logLambda");
  const contention = interval("contention");
  if (contention.high - contention.low >= 1) return { reason: undetermined };
  return {
    fit: {
      perNodePerSecond: {
        value: Math.exp(logLambda.value),
        low: Math.exp(logLambda.low),
        high: Math.exp(logLambda.high),
      },
      contention,
      coherency: interval("coherency"),
      ...(best.coherency > 0 && { peakNodes: Math.sqrt((1 - best.contention) / best.coherency) }),
      worstResidualShare,
    },
  };
}

/** What a reader must know of the intervals of a fit to these points; undefined where there are points enough. */
export function scalingCaution(points: Points): string | undefined {
  const degreesOfFreedom = points.length - parameterCount;
  if (degreesOfFreedom < 1 || degreesOfFreedom > 3) return undefined;
  const reach = twoSidedQuantile(level, degreesOfFreedom).toFixed(1);
  const degrees = degreesOfFreedom === 1 ? "1 degree" : `${degreesOfFreedom} degrees`;
  return `${points.length} points and ${parameterCount} parameters leave ${degrees} of freedom, so the intervals reach ${reach} standard errors: more trials narrow them`;
}

/** Throughput the law expects of so many nodes. */
export const scaledThroughput = (fit: Fit, nodes: number): number =>
  (fit.perNodePerSecond.value * nodes) /
  (1 + fit.contention.value * (nodes - 1) + fit.coherency.value * nodes * (nodes - 1));

function unfit(points: Points): string | undefined {
  if (points.length < scalingPointsMin) {
    return `${points.length === 1 ? "1 point is" : `${points.length} points are`} too few: the law has ${parameterCount} parameters, so at least ${scalingPointsMin} are needed`;
  }
  const counts = nodeCounts(points);
  if (counts.length < parameterCount) {
    return `${counts.length === 1 ? "1 node count is" : `${counts.length} node counts are`} too few to tell contention from coherency: at least ${parameterCount} are needed`;
  }
  const silent = points.find(({ deliveriesPerSecond }) => !(deliveriesPerSecond > 0));
  if (silent !== undefined) return `nothing was delivered with ${nodesInWords(silent.nodes)}`;
  const [fewest, ...others] = counts.map((nodes) => meanLog(points, nodes));
  const gain = Math.expm1(Math.max(...others) - fewest!);
  return gain < gainShareMin ? noGain(points) : undefined;
}

const undetermined =
  "the points vary too much: any contention from 0 to 1 agrees with them; more trials or more node counts may tell";

const noGain = (points: Points): string =>
  `more nodes delivered hardly more than ${nodesInWords(nodeCounts(points)[0]!)}, so there is no scaling to describe; nodes that share the cores of one machine cannot do better once those are busy`;

function misfit(logs: readonly Point[], best: Parameters): string {
  const shares = residualShares(logs, best);
  const worst = shares.reduce((largest, share) => (Math.abs(share) > Math.abs(largest) ? share : largest));
  const nodes = nodeCounts(logs)[shares.indexOf(worst)]!;
  const linear = best.contention === 0 && best.coherency === 0;
  const why = linear ? "throughput grows faster than the number of nodes, which the law does not know" : "";
  return `${why || "the law does not describe these points"}: with ${nodesInWords(nodes)} it is ${Math.round(Math.abs(worst) * 100)} % ${worst > 0 ? "above" : "below"} the curve`;
}

/** Of the geometric mean of each node count, over the curve, less 1. */
const residualShares = (logs: readonly Point[], { logLambda, contention, coherency }: Parameters): number[] =>
  nodeCounts(logs).map((nodes) => {
    const own = logs.filter((point) => point.nodes === nodes);
    const log = own.reduce((sum, point) => sum + point.log, 0) / own.length;
    return Math.expm1(log - logLambda + Math.log1p((nodes - 1) * (contention + coherency * nodes)));
  });

/** All values of one parameter for which the others still find a sum of squares within the limit of Student's t. */
function profileInterval(logs: readonly Point[], best: Parameters, name: keyof Parameters): Interval {
  const value = best[name];
  const least = sumOfSquares(logs, best);
  // Rounding alone leaves about this much.
  if (least < logs.length * 1e-22) return { value, low: value, high: value };
  const degreesOfFreedom = logs.length - parameterCount;
  const limit = least * (1 + twoSidedQuantile(level, degreesOfFreedom) ** 2 / degreesOfFreedom);
  let near = best;
  const inside = (candidate: number): boolean => {
    near = leastSquares(logs, { [name]: candidate }, near);
    return sumOfSquares(logs, near) <= limit;
  };
  const [floor, ceiling] = name === "logLambda" ? [-Infinity, Infinity] : [0, 1];
  return { value, low: edge(value, floor, inside), high: edge(value, ceiling, inside) };
}

/** Where `inside` ends between `from`, which is, and `bound`: strides that double, then bisection. */
function edge(from: number, bound: number, inside: (candidate: number) => boolean): number {
  const direction = bound > from ? 1 : -1;
  const towards = (distance: number): number =>
    direction > 0 ? Math.min(bound, from + distance) : Math.max(bound, from - distance);
  let within = 0;
  let beyond = 1e-4;
  while (inside(towards(beyond))) {
    if (towards(beyond) === bound) return bound;
    within = beyond;
    beyond *= 2;
  }
  for (let step = 0; step < 16; step++) {
    const middle = (within + beyond) / 2;
    if (inside(towards(middle))) within = middle;
    else beyond = middle;
  }
  return towards(within);
}

const nodeCounts = (points: readonly { readonly nodes: number }[]): number[] =>
  [...new Set(points.map(({ nodes }) => nodes))].sort((a, b) => a - b);

function meanLog(points: Points, nodes: number): number {
  const own = points.filter((point) => point.nodes === nodes);
  return own.reduce((sum, { deliveriesPerSecond }) => sum + Math.log(deliveriesPerSecond), 0) / own.length;
}

const nodesInWords = (nodes: number): string => (nodes === 1 ? "1 node" : `${nodes} nodes`);
