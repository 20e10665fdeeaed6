import type { TopLevelSpec } from "vega-lite";
import type { Chart } from "../../charts/chart.ts";
import { figureWidth, rowAxis } from "../../charts/rows.ts";
import { oneLine } from "../../text/markdown.ts";
import { metricsOf } from "../../view/cluster-reading.ts";
import { type ExperimentView, shownTrial } from "../../view/cluster-view.ts";

/** A figure of more lines would be none. */
const nodesShownMax = 12;

/** Connections of every node at the end of an arm. Undefined unless the experiment asks how users are spread. */
export function connectionsChart(experiment: ExperimentView, file: string): Chart | undefined {
  if (!metricsOf(experiment).some(({ topic, unit }) => topic === "spread" && unit !== "share")) return undefined;
  const { arms } = experiment;
  const data = arms.flatMap((arm) =>
    Object.entries(shownTrial(arm)?.connectionsPerNode ?? {})
      .slice(0, nodesShownMax)
      .map(([node, users]) => ({ name: arm.name, node: oneLine(node).slice(0, 20), users })),
  );
  const rows = arms.filter(({ name }) => data.some((point) => point.name === name));
  if (rows.length === 0) return undefined;
  const inWords = rows.map(
    ({ name }) =>
      `${name}: ${data.flatMap((point) => (point.name === name ? [`${point.node} ${point.users}`] : [])).join(", ")}`,
  );
  const most = Math.max(1, ...data.map(({ users }) => users));
  return {
    file,
    alt: `Connections per node at the end of the arm: ${inWords.join("; ")}.`,
    spec: {
      title: { text: "Connections per node", subtitle: "at the end of the first trial of each arm." },
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
