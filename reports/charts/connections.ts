import type { TopLevelSpec } from "vega-lite";
import { metricsOf } from "../view/shown-estimate.ts";
import type { ExperimentView } from "../view/view.ts";
import type { Chart } from "./chart.ts";
import type { FigureFile } from "./file-names.ts";
import { figureWidth, rowAxis } from "./rows.ts";
import { seriesPoints, shownTrial } from "./timeline.ts";

/** Series over the number of a node: the connections each has at the end of a trial. */
export const connectionsPerNode = "connectionsPerNode";

/** A figure of more lines would be none. */
const nodesShownMax = 12;

/** Connections of every node at the end of a trial. Undefined unless the experiment asks how users are spread. */
export function connectionsChart(experiment: ExperimentView, file: FigureFile): Chart | undefined {
  if (!metricsOf(experiment).some(({ topic, unit }) => topic === "spread" && unit !== "share")) return undefined;
  const { cells } = experiment;
  const data = cells.flatMap((cell) => {
    const series = shownTrial(cell)?.series.find(({ name }) => name === connectionsPerNode);
    const points = series === undefined ? [] : seriesPoints(series).slice(0, nodesShownMax);
    return points.map(({ x, value }) => ({ name: cell.name, node: `node-${x}`, users: value }));
  });
  const rows = cells.filter(({ name }) => data.some((point) => point.name === name));
  if (rows.length === 0) return undefined;
  const inWords = rows.map(
    ({ name }) =>
      `${name}: ${data.flatMap((point) => (point.name === name ? [`${point.node} ${point.users}`] : [])).join(", ")}`,
  );
  const most = Math.max(1, ...data.map(({ users }) => users));
  return {
    file: file("connections"),
    alt: `Connections per node at the end: ${inWords.join("; ")}.`,
    spec: {
      title: { text: "Connections per node", subtitle: "at the end of the first trial of each cell." },
      width: figureWidth,
      height: { step: 20 },
      data: { values: data },
      encoding: {
        y: rowAxis(rows),
        yOffset: { field: "node", type: "nominal", sort: "ascending", scale: { paddingOuter: 0.3, paddingInner: 0.2 } },
        x: {
          field: "users",
          type: "quantitative",
          scale: { domain: [0, most] },
          axis: { title: "connections", tickMinStep: 1, tickCount: 6, labelFlush: false },
        },
      },
      layer: [
        { mark: { type: "bar", color: "#0072b2" } },
        {
          mark: { type: "text", align: "left", dx: 6 },
          encoding: {
            yOffset: { field: "node", type: "nominal", sort: "ascending", bandPosition: 0.5 },
            text: { field: "label" },
          },
          transform: [{ calculate: "datum.node + ': ' + datum.users", as: "label" }],
        },
      ],
    } as unknown as TopLevelSpec,
  };
}
