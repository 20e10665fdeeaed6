import { metricsOf } from "../view/shown-estimate.ts";
import type { ExperimentView } from "../view/view.ts";
import { colouredCell } from "./cell-rows.ts";
import type { Chart } from "./chart.ts";
import { ground } from "./colours.ts";
import type { FigureFile } from "./file-names.ts";
import { barHeight, rowFigure, sortedRows } from "./rows.ts";
import { seriesPoints, shownTrial } from "./timeline.ts";

/** Series over the number of a node: the connections each has at the end of a trial. */
export const connectionsPerNode = "connectionsPerNode";

/** A figure of more parts would be none. */
const nodesShownMax = 12;

/**
 * Connections of every node at the end of a trial. Undefined unless the experiment asks how users are spread, and where
 * they are spread evenly in all cells.
 */
export function connectionsChart(experiment: ExperimentView, file: FigureFile): Chart | undefined {
  if (!metricsOf(experiment).some(({ topic, unit }) => topic === "spread" && unit !== "share")) return undefined;
  const known = experiment.cells.flatMap((cell) => {
    const series = shownTrial(cell)?.series.find(({ name }) => name === connectionsPerNode);
    const nodes = series === undefined ? [] : seriesPoints(series).slice(0, nodesShownMax);
    return nodes.length === 0 ? [] : [{ ...colouredCell(cell), nodes }];
  });
  if (known.every(({ nodes }) => nodes.every(({ value }) => value === nodes[0]!.value))) return undefined;
  const mostOf = ({ nodes }: (typeof known)[number]): number => Math.max(...nodes.map(({ value }) => value));
  const rows = sortedRows(known, mostOf, "lower");
  const inWords = [rows[0]!, rows.at(-1)!].map(
    ({ name, nodes }) => `${name} ${nodes.map(({ value }) => value).join(" + ")}`,
  );
  return {
    file: file("connections"),
    alt: `Connections per node at the end, from even to uneven: ${inWords.join(" to ")}.`,
    spec: rowFigure({
      title: "Connections per node",
      subtitle: "a part per node, at the end of the first trial of each cell; the most even first",
      rows,
      text: new Map(rows.map((row) => [row, row.nodes.map(({ value }) => value).join(" + ")])),
      data: rows.flatMap(({ name, nodes }) => nodes.map(({ x, value }) => ({ name, order: x, users: value }))),
      layers: [
        {
          mark: { type: "bar", height: barHeight, stroke: ground, strokeWidth: 2 },
          encoding: {
            x: {
              field: "users",
              type: "quantitative",
              stack: "zero",
              axis: { title: "connections", tickMinStep: 1, tickCount: 5, labelFlush: false },
            },
            order: { field: "order", type: "quantitative" },
          },
        },
      ],
    }),
  };
}
