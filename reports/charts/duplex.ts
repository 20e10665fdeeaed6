import type { TopLevelSpec } from "vega-lite";
import { formatQuantity } from "../../results/quantities/format.ts";
import { estimateOf } from "../../results/summary/estimate.ts";
import type { ReportView, TargetRow } from "../view/view.ts";
import { type Chart, titleLines } from "./chart.ts";
import { type DelayPoint, delayLayers } from "./percentile-marks.ts";
import { rowPanel, sortedRows } from "./rows.ts";

const directions = [
  { name: "uplink", title: "Uplink: client to server", alone: "uplinkAloneP50Us", together: "uplinkP50Us" },
  { name: "downlink", title: "Downlink: server to client", alone: "downlinkAloneP50Us", together: "downlinkP50Us" },
] as const;

const loads = ["alone", "together"] as const;

/** One-way medians with the other direction idle and busy. */
export function duplexChart(view: ReportView): Chart | undefined {
  const panels = directions.flatMap(({ name, title, ...metrics }) => {
    const found = new Map<TargetRow, DelayPoint[]>();
    for (const row of view.rows) {
      const points = loads.flatMap((load): DelayPoint[] => {
        const estimate = estimateOf(row.cells.get("duplex"), metrics[load]);
        return estimate.kind === "value"
          ? [{ name: row.name, mark: load, ...estimate.interval, bound: estimate.bound }]
          : [];
      });
      if (points.length > 0) found.set(row, points);
    }
    return found.size === 0 ? [] : [{ name, title, found }];
  });
  if (panels.length === 0) return undefined;
  const inWords = (points: readonly DelayPoint[]): string =>
    points.map(({ value }) => formatQuantity(value, "us")).join(" – ");
  return {
    file: "duplex.svg",
    alt: `One-way delay p50, alone and together: ${panels
      .flatMap(({ name, found }) =>
        [...found].flatMap(([row, points]) =>
          points.map(({ mark, value }) => `${row.name} ${name} ${mark} ${formatQuantity(value, "us")}`),
        ),
      )
      .join("; ")}.`,
    spec: {
      title: {
        text: "One-way delay p50, alone and together",
        subtitle: titleLines(
          `circle: the other direction is idle; diamond: it is busy too; line: 95 % interval${panels.some(({ found }) => [...found.values()].flat().some(({ bound }) => bound)) ? "; open: a bound" : ""}`,
        ),
      },
      vconcat: panels.map(({ title, found }) => {
        const rows = sortedRows([...found.keys()], (row) => found.get(row)!.at(-1)!.value, "lower");
        const points = rows.flatMap((row) => found.get(row)!);
        return {
          title: { text: title, fontSize: 14, offset: 6 },
          ...rowPanel({
            rows,
            text: new Map(rows.map((row) => [row, inWords(found.get(row)!)])),
            data: points,
            layers: delayLayers(points, loads, "delay, logarithmic (lower is better)", 8),
          }),
        };
      }),
      spacing: 24,
      resolve: { scale: { color: "independent" } },
    } as unknown as TopLevelSpec,
  };
}
