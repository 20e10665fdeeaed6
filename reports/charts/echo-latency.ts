import { formatList } from "../../results/quantities/format.ts";
import { estimateOf } from "../../results/summary/estimate.ts";
import type { ReportView, TargetRow } from "../view/view.ts";
import type { Chart } from "./chart.ts";
import { type DelayPoint, delayLayers, delaysInWords } from "./percentile-marks.ts";
import { rowFigure, sortedRows } from "./rows.ts";

const marks = [
  { metric: "scheduledP50Us", mark: "p50" },
  { metric: "scheduledP99Us", mark: "p99" },
] as const;

/** The median and the 99th percentile, per target, each with its interval. */
export function echoLatencyChart(view: ReportView): Chart | undefined {
  const found = new Map<TargetRow, DelayPoint[]>();
  for (const row of view.rows) {
    const points = marks.flatMap(({ metric, mark }): DelayPoint[] => {
      const estimate = estimateOf(row.cells.get("echo"), metric);
      return estimate.kind === "value" ? [{ name: row.name, mark, ...estimate.interval, bound: estimate.bound }] : [];
    });
    if (points.length > 0) found.set(row, points);
  }
  if (found.size === 0) return undefined;
  const rows = sortedRows([...found.keys()], (row) => found.get(row)![0]!.value, "lower");
  const points = rows.flatMap((row) => found.get(row)!);
  const text = new Map(rows.map((row) => [row, delaysInWords(found.get(row)!)]));
  return {
    file: "echo-latency.svg",
    alt: `Echo round trip from the schedule, p50 to p99: ${formatList(rows.map((row) => `${row.name} ${text.get(row)}`))}.`,
    spec: rowFigure({
      title: "Round trip at the same rate, from the schedule",
      subtitle: `circle: p50, diamond: p99; line: 95 % interval${points.some(({ bound }) => bound) ? "; open: a bound" : ""}`,
      rows,
      text,
      data: points,
      layers: delayLayers(
        points,
        marks.map(({ mark }) => mark),
        "delay, logarithmic (lower is better)",
      ),
    }),
  };
}
