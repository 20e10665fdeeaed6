import type { ClusterCell, ScalingFit } from "../contract/cluster-results.ts";
import { fitScalability } from "../statistics/scalability.ts";

/** Name of the experiment whose cells are the same work on more and more nodes. */
export const scalingExperiment = "scaling";

/** The Universal Scalability Law per broker, from every trial of every node count whose numbers may be used. */
export function scalingFits(cells: readonly ClusterCell[]): ScalingFit[] {
  const measured = cells.filter(
    (cell) => cell.state === "measured" && cell.scenario === scalingExperiment && cell.validity.verdict !== "invalid",
  );
  return [...Map.groupBy(measured, ({ parameters }) => parameters.broker)].map(([broker, own]) => {
    const points = own.flatMap((cell) =>
      cell.state !== "measured"
        ? []
        : cell.trials.flatMap(({ measures }) =>
            measures.deliveriesPerSecond === undefined
              ? []
              : [{ nodes: cell.parameters.nodes, deliveriesPerSecond: measures.deliveriesPerSecond }],
          ),
    );
    return { broker, points, ...fitScalability(points) };
  });
}
