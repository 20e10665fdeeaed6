/** The Universal Scalability Law, fitted per broker to the cells that are the same work on more and more nodes. */
import { completeTrials } from "../contract/cells.ts";
import type { Cell } from "../contract/results.ts";
import { fitScalability, type ScalingLaw, type ScalingPoint } from "../statistics/scalability.ts";

/** Name of the experiment. */
export const scalingExperiment = "scaling";

export interface ScalingFit {
  readonly broker: string;
  readonly points: readonly ScalingPoint[];
  readonly fit?: ScalingLaw;
  /** Why there is no fit. */
  readonly reason?: string;
}

/** From every trial of every node count whose numbers may be used. */
export function scalingFits(cells: readonly Cell[]): ScalingFit[] {
  const usable = cells.flatMap((cell) =>
    cell.state === "measured" && cell.scenario === scalingExperiment && cell.validity.verdict !== "invalid"
      ? [cell]
      : [],
  );
  return [...Map.groupBy(usable, ({ parameters }) => parameters.broker ?? "none")].map(([broker, own]) => {
    const points = own.flatMap((cell) =>
      completeTrials(cell).flatMap(({ measures: { deliveriesPerSecond } }) =>
        deliveriesPerSecond === undefined ? [] : [{ nodes: cell.parameters.nodes ?? 1, deliveriesPerSecond }],
      ),
    );
    return { broker, points, ...fitScalability(points) };
  });
}
