import { formatList, formatQuantity } from "../../results/quantities/format.ts";
import { estimateOf, signOf } from "../../results/summary/estimate.ts";
import type { ReportView, TargetRow } from "../view/view.ts";
import { delayAxis, logScale } from "./axes.ts";
import type { Chart } from "./chart.ts";
import { rowFigure } from "./rows.ts";

const marks = [
  { metric: "scheduledP50Us", percentile: "p50" },
  { metric: "scheduledP90Us", percentile: "p90" },
  { metric: "scheduledP99Us", percentile: "p99" },
] as const;

interface Point {
  readonly name: string;
  readonly percentile: string;
  readonly us: number;
}

/** From the median to the 99th percentile, per target. */
export function echoLatencyChart(view: ReportView): Chart | undefined {
  const text = new Map<TargetRow, string>();
  const points: Point[] = [];
  for (const row of view.rows) {
    const found = marks.flatMap(({ metric, percentile }) => {
      const estimate = estimateOf(row.cells.get("echo"), metric);
      if (estimate.kind !== "value") return [];
      return [{ name: row.name, percentile, us: estimate.interval.value, sign: signOf(estimate.bound) }];
    });
    if (found.length === 0) continue;
    points.push(...found);
    const ends = found.filter(({ percentile }) => percentile !== "p90");
    text.set(row, ends.map(({ us, sign }) => `${sign}${formatQuantity(us, "us")}`).join(" – "));
  }
  if (points.length === 0) return undefined;
  const rows = view.rows.filter((row) => text.has(row));
  const scale = logScale(
    points.map(({ us }) => us).filter((us) => us > 0),
    8,
  );
  const x = { field: "us", type: "quantitative", scale: { type: "log", domain: scale.domain } };
  const axis = delayAxis(scale, "delay from the schedule, logarithmic (lower is better)");
  return {
    file: "echo-latency.svg",
    alt: `Echo round trip from the schedule, p50 to p99: ${formatList(rows.map((row) => `${row.name} ${text.get(row)}`))}.`,
    spec: rowFigure({
      title: "Echo: round trip from the schedule",
      subtitle: "filled: p50, line: p90, open: p99; medians of the trials. Lower is better.",
      rows,
      text,
      data: points,
      layers: [
        {
          mark: { type: "rule", strokeWidth: 6, opacity: 0.35 },
          encoding: {
            x: { aggregate: "min", ...x, axis },
            x2: { aggregate: "max", field: "us" },
          },
        },
        {
          transform: [{ filter: "datum.percentile === 'p90'" }],
          mark: { type: "tick", thickness: 2, size: 14 },
          encoding: { x },
        },
        {
          transform: [{ filter: "datum.percentile === 'p99'" }],
          mark: { type: "point", size: 110, fill: "white", filled: false, strokeWidth: 2 },
          encoding: { x },
        },
        {
          transform: [{ filter: "datum.percentile === 'p50'" }],
          mark: { type: "point", size: 120, filled: true, opacity: 1 },
          encoding: { x },
        },
      ],
    }),
  };
}
