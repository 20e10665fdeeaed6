import type { TopLevelSpec } from "vega-lite";
import { formatList, formatQuantity } from "../../results/quantities/format.ts";
import { signOf } from "../../results/summary/estimate.ts";
import type { Capacity } from "../view/capacity.ts";
import { delayAxis, logScale } from "./axes.ts";
import { type Chart, legendColumns, plotWidth, titleLines } from "./chart.ts";
import { ink, rowColours } from "./colours.ts";

/** The objective's delay against the offered rate: every probe, with the line it must stay under. */
export function capacityChart(searched: readonly Capacity[]): Chart | undefined {
  const points = searched.flatMap(({ row, probes }) =>
    probes.flatMap(({ offeredRatePerSecond: rate, delayUs: us = 0, held }) =>
      us > 0 ? [{ name: row.name, rate, us, held }] : [],
    ),
  );
  const objective = searched[0]?.objective;
  if (points.length === 0 || objective === undefined) return undefined;
  const rows = searched.map(({ row }) => row).filter(({ name }) => points.some((point) => point.name === name));
  const delays = logScale([...points.map(({ us }) => us), objective.delayUsMax], 8);
  const rates = logScale(
    points.map(({ rate }) => rate),
    6,
  );
  const found = searched.flatMap(({ row, estimate }) =>
    estimate.kind === "value"
      ? [`${row.name} ${signOf(estimate.bound)}${formatQuantity(estimate.interval.value, "perSecond")}`]
      : [],
  );
  const x = {
    field: "rate",
    type: "quantitative",
    scale: { type: "log", domain: [...rates.domain], nice: false },
    axis: {
      title: "offered messages per second, logarithmic",
      values: [...rates.ticks],
      format: "~s",
      labelFlush: false,
    },
  };
  const y = {
    field: "us",
    type: "quantitative",
    scale: { type: "log", domain: [...delays.domain], nice: false },
    axis: delayAxis(delays, `p${objective.percentile} from the schedule, logarithmic`),
  };
  const scale = rowColours(rows);
  const legend = {
    orient: "bottom",
    columns: legendColumns(rows.map(({ name }) => name)),
    symbolType: "stroke",
    symbolStrokeWidth: 3,
  };
  return {
    file: "capacity.svg",
    alt: `Delay against offered rate. Highest rate that holds p${objective.percentile} within ${formatQuantity(objective.delayUsMax, "us")}: ${formatList(found) || "none"}.`,
    spec: {
      title: {
        text: "Capacity: delay against offered rate",
        subtitle: titleLines("circle: the objective held, cross: it did not; dashed: the objective"),
      },
      width: plotWidth,
      height: 260,
      data: { values: points },
      encoding: { x, y, color: { field: "name", type: "nominal", scale, title: null, legend } },
      layer: [
        { mark: { type: "line", strokeWidth: 2 } },
        { transform: [{ filter: "datum.held" }], mark: { type: "point", size: 70, filled: true, opacity: 1 } },
        {
          transform: [{ filter: "!datum.held" }],
          mark: { type: "point", shape: "cross", size: 70, filled: true, opacity: 1 },
        },
        {
          data: { values: [{ us: objective.delayUsMax }] },
          mark: { type: "rule", strokeDash: [6, 4], strokeWidth: 1.5 },
          encoding: { x: null, y, color: { value: ink } },
        },
      ],
    } as unknown as TopLevelSpec,
  };
}
