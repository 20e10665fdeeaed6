import type { TopLevelSpec } from "vega-lite";
import { formatList, formatQuantity } from "../../results/quantities/format.ts";
import { signOf } from "../../results/summary/estimate.ts";
import type { Capacity } from "../view/capacity.ts";
import { delayAxis, logScale } from "./axes.ts";
import type { Chart } from "./chart.ts";
import { rowColours } from "./colours.ts";

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
  const delays = logScale([...points.map(({ us }) => us), objective.delayUsMax], 12);
  const rates = logScale(
    points.map(({ rate }) => rate),
    10,
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
      title: "offered rate, messages per second, logarithmic",
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
  const legend = { orient: "bottom", columns: 3, symbolType: "stroke", symbolStrokeWidth: 3 };
  return {
    file: "capacity.svg",
    alt: `Delay against offered rate. Highest rate that holds p${objective.percentile} within ${formatQuantity(objective.delayUsMax, "us")}: ${formatList(found) || "none"}.`,
    spec: {
      title: {
        text: "Capacity: delay against offered rate",
        subtitle:
          "filled: the objective held; open: it did not; dashed: the objective. Further right and lower is better.",
      },
      width: 620,
      height: 320,
      data: { values: points },
      encoding: { x, y, color: { field: "name", type: "nominal", scale, title: null, legend } },
      layer: [
        { mark: { type: "line", strokeWidth: 2 } },
        { transform: [{ filter: "datum.held" }], mark: { type: "point", size: 70, filled: true, opacity: 1 } },
        {
          transform: [{ filter: "!datum.held" }],
          mark: { type: "point", size: 70, filled: false, fill: "white", opacity: 1 },
        },
        {
          data: { values: [{ us: objective.delayUsMax }] },
          mark: { type: "rule", strokeDash: [6, 4], strokeWidth: 1.5, color: "#1f2328" },
          encoding: { x: null, y, color: { value: "#1f2328" } },
        },
      ],
    } as unknown as TopLevelSpec,
  };
}
