/** The Universal Scalability Law, fitted per broker to the cells that are the same work on more and more nodes. */
import { completeTrials } from "../contract/cells.ts";
import type { Cell, MeasuredCell } from "../contract/results.ts";
import { formatList, plural } from "../quantities/format.ts";
import { fitScalability, type ScalingLaw, type ScalingPoint } from "../statistics/scalability.ts";
import { estimateOf } from "./estimate.ts";

/** Name of the experiment. */
export const scalingExperiment = "scaling";

/** `isBound`: what the nodes could do at least, since something else was full. */
export type MeasuredPoint = ScalingPoint & { readonly isBound: boolean };

export interface ScalingFit {
  readonly broker: string;
  readonly points: readonly MeasuredPoint[];
  /** Fitted to the points that are no bounds. */
  readonly fit?: ScalingLaw;
  /** Why there is no fit. */
  readonly reason?: string;
}

/** The points a law may be fitted to: a bound says what a throughput is not, and is no point of a curve. */
export const exactPoints = (points: readonly MeasuredPoint[]): MeasuredPoint[] =>
  points.filter(({ isBound }) => !isBound);

/** From every trial of every node count whose numbers may be used. */
export function scalingFits(cells: readonly Cell[]): ScalingFit[] {
  const usable = cells.flatMap((cell) =>
    cell.state === "measured" && cell.scenario === scalingExperiment && cell.validity.verdict !== "invalid"
      ? [cell]
      : [],
  );
  return [...Map.groupBy(usable, ({ parameters }) => parameters.broker ?? "none")].map(([broker, own]) => {
    const points = own.flatMap(pointsOf);
    const result = fitScalability(exactPoints(points));
    return { broker, points, ...("fit" in result ? result : { reason: withBounds(points, result.reason) }) };
  });
}

function pointsOf(cell: MeasuredCell): MeasuredPoint[] {
  const estimate = estimateOf(cell, "deliveriesPerSecond");
  const isBound = estimate.kind === "value" && estimate.bound !== undefined;
  return completeTrials(cell).flatMap(({ measures: { deliveriesPerSecond } }) =>
    deliveriesPerSecond === undefined ? [] : [{ nodes: cell.parameters.nodes ?? 1, deliveriesPerSecond, isBound }],
  );
}

function withBounds(points: readonly MeasuredPoint[], reason: string): string {
  const counts = [...new Set(points.filter(({ isBound }) => isBound).map(({ nodes }) => nodes))].sort((a, b) => a - b);
  if (counts.length === 0) return reason;
  const last = plural(counts.at(-1)!, "node");
  const bounded = formatList([...counts.slice(0, -1).map(String), last]);
  const exact = exactPoints(points).length;
  const left = exact === 0 ? "which leaves no point for a law" : `and of what is left, ${reason}`;
  return `with ${bounded} the throughput is a lower bound, since something else was full, ${left}`;
}
