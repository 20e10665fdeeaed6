import type { TopLevelSpec } from "vega-lite";
import { formatQuantity } from "../../results/quantities/format.ts";
import { median } from "../../results/statistics/moments.ts";
import { scaledThroughput } from "../../results/statistics/scalability.ts";
import { signOf } from "../../results/summary/estimate.ts";
import type { ScalingFit } from "../../results/summary/scaling.ts";
import type { ReportView } from "../view/view.ts";
import { type Chart, plotWidth, textSize, titleLines } from "./chart.ts";
import { palette, quietInk } from "./colours.ts";

const stepsPerNode = 8;
/** Above the highest point. */
const headroom = 1.1;

/** Deliveries per second against nodes, one panel per broker on one scale. */
export function scalingChart({ results, brokerTitle }: ReportView, fits: readonly ScalingFit[]): Chart | undefined {
  const shown = fits.filter(({ points }) => points.length > 0);
  if (shown.length === 0) return undefined;
  const nodesMax = Math.max(...shown.flatMap(({ points }) => points.map(({ nodes }) => nodes)));
  const brokers = (results.brokers ?? []).map(({ name }) => name);
  const inWords = shown.map(({ broker, points }) => {
    const byNodes = [...Map.groupBy(points, ({ nodes }) => nodes)].sort(([a], [b]) => a - b);
    const middles = byNodes.map(
      ([nodes, trials]) =>
        `${trials.some(({ isBound }) => isBound) ? signOf("at-least") : ""}${formatQuantity(median(trials.map((trial) => trial.deliveriesPerSecond)), "perSecond")} with ${nodes}`,
    );
    return `${brokerTitle(broker)} ${middles.join(", ")}`;
  });
  const hasBounds = shown.some(({ points }) => points.some(({ isBound }) => isBound));
  const most = Math.max(1, ...shown.flatMap(({ points }) => points.map((point) => point.deliveriesPerSecond)));
  return {
    file: "scaling.svg",
    alt: `Deliveries per second by number of nodes: ${inWords.join("; ")}.`,
    spec: {
      title: {
        text: "What does another node bring?",
        subtitle: titleLines(
          `points: trials${hasBounds ? ", open with an arrow: lower bounds" : ""}; line: the Universal Scalability Law fitted to ${hasBounds ? "the others" : "them"}; dashed: were nothing shared`,
        ),
      },
      columns: 1,
      spacing: 28,
      concat: shown.map((scaling) => {
        const colour = palette[(brokers.indexOf(scaling.broker) + 1) % palette.length]!;
        return panel(scaling, brokerTitle(scaling.broker), colour, nodesMax, most);
      }),
    } as unknown as TopLevelSpec,
  };
}

const marksOf = (points: ScalingFit["points"]) =>
  points.map(({ nodes, deliveriesPerSecond }) => ({ nodes, perSecond: deliveriesPerSecond }));

function panel({ points, fit }: ScalingFit, title: string, colour: string, nodesMax: number, most: number) {
  const alone = points
    .filter(({ nodes, isBound }) => nodes === 1 && !isBound)
    .map((point) => point.deliveriesPerSecond);
  const single = fit?.perNodePerSecond.value ?? (alone.length > 0 ? Math.max(...alone) : undefined);
  const along = Array.from(
    { length: (Math.min(nodesMax, 64) - 1) * stepsPerNode + 1 },
    (_, step) => 1 + step / stepsPerNode,
  );
  const isInside = ({ perSecond }: { perSecond: number }): boolean => perSecond <= most * headroom;
  const curve =
    fit === undefined
      ? []
      : along.map((nodes) => ({ nodes, perSecond: scaledThroughput(fit, nodes) })).filter(isInside);
  const linear =
    single === undefined ? [] : along.map((nodes) => ({ nodes, perSecond: nodes * single })).filter(isInside);
  const y = {
    field: "perSecond",
    type: "quantitative",
    scale: { domain: [0, most * headroom] },
    axis: { title: "deliveries per second", labelExpr: "format(datum.value, '~s')", tickCount: 5 },
  };
  const x = {
    field: "nodes",
    type: "quantitative",
    scale: { domain: [1, Math.max(2, nodesMax)], nice: false },
    axis: { title: "nodes", format: "d", tickMinStep: 1, tickCount: Math.min(8, nodesMax), labelFlush: false },
  };
  return {
    title: { text: title, fontSize: textSize, fontWeight: "normal", offset: 6 },
    width: plotWidth,
    height: 170,
    encoding: { x, y },
    layer: [
      {
        data: { values: linear },
        mark: { type: "line", strokeDash: [5, 4], strokeWidth: 1.5, color: quietInk },
      },
      { data: { values: curve }, mark: { type: "line", strokeWidth: 2.5, color: colour } },
      {
        data: { values: marksOf(points.filter(({ isBound }) => !isBound)) },
        mark: { type: "point", filled: true, size: 60, opacity: 0.8, color: colour },
      },
      {
        data: { values: marksOf(points.filter(({ isBound }) => isBound)) },
        mark: { type: "point", filled: false, size: 60, strokeWidth: 2, color: colour },
      },
      {
        data: { values: marksOf(points.filter(({ isBound }) => isBound)) },
        mark: { type: "point", shape: "triangle-up", filled: true, size: 40, opacity: 1, yOffset: -9, color: colour },
      },
    ],
  };
}
