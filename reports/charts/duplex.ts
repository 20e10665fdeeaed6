import type { TopLevelSpec } from "vega-lite";
import { formatQuantity } from "../../results/quantities/format.ts";
import { estimateOf } from "../../results/summary/estimate.ts";
import type { ReportView } from "../view/view.ts";
import { delayAxis, logScale } from "./axes.ts";
import type { Chart } from "./chart.ts";
import { rowColours } from "./colours.ts";
import { rowAxis } from "./rows.ts";

const directions = [
  { name: "uplink", title: "Uplink: client to server", alone: "uplinkAloneP50Us", together: "uplinkP50Us" },
  { name: "downlink", title: "Downlink: server to client", alone: "downlinkAloneP50Us", together: "downlinkP50Us" },
] as const;

const loads = ["alone", "together"] as const;

/** One-way medians with the other direction idle and busy. */
export function duplexChart(view: ReportView): Chart | undefined {
  const data = view.rows.flatMap((row) =>
    directions.flatMap((direction) =>
      loads.flatMap((load) => {
        const estimate = estimateOf(row.cells.get("duplex"), direction[load]);
        if (estimate.kind !== "value") return [];
        return [{ name: row.name, direction: direction.name, load, ...estimate.interval }];
      }),
    ),
  );
  if (data.length === 0) return undefined;
  const rows = view.rows.filter(({ name }) => data.some((point) => point.name === name));
  const scale = logScale(
    data.flatMap(({ low, high }) => [low, high]).filter((us) => us > 0),
    5,
  );
  const panels = directions.filter(({ name }) => data.some(({ direction }) => direction === name));
  const x = (field: string) => ({ field, type: "quantitative", scale: { type: "log", domain: scale.domain } });
  const colour = { field: "name", type: "nominal", scale: rowColours(rows), legend: null };
  const panel = ({ name, title }: (typeof directions)[number], index: number) => ({
    title: { text: title, fontSize: 13, fontWeight: "normal", offset: 6 },
    width: 290,
    height: { step: 19 },
    transform: [{ filter: `datum.direction === '${name}'` }],
    encoding: {
      y: index === 0 ? rowAxis(rows) : { ...rowAxis(rows), axis: { labels: false } },
      yOffset: { field: "load", type: "nominal", sort: [...loads], scale: { paddingOuter: 0.3 } },
    },
    layer: [
      {
        mark: { type: "rule", strokeWidth: 4, opacity: 0.4 },
        encoding: {
          x: { ...x("low"), axis: delayAxis(scale, "one-way delay p50, logarithmic") },
          x2: { field: "high" },
          color: colour,
        },
      },
      {
        mark: { type: "point", size: 100, opacity: 1, strokeWidth: 2 },
        encoding: {
          x: x("value"),
          color: colour,
          fill: {
            condition: {
              test: "datum.load === 'together'",
              field: "name",
              type: "nominal",
              scale: rowColours(rows),
              legend: null,
            },
            value: "white",
          },
        },
      },
    ],
  });
  return {
    file: "duplex.svg",
    alt: `One-way delay p50, alone and together: ${data
      .map(({ name, direction, load, value }) => `${name} ${direction} ${load} ${formatQuantity(value, "us")}`)
      .join("; ")}.`,
    spec: {
      title: {
        text: "Duplex: one-way delay, alone and together",
        subtitle: "open: the other direction is idle; filled: it is busy too; line: 95 % interval. Lower is better.",
      },
      data: { values: data },
      hconcat: panels.map(panel),
      spacing: 28,
    } as unknown as TopLevelSpec,
  };
}
