import { formatInterval, formatList } from "../../results/quantities/format.ts";
import { estimateOf, signOf } from "../../results/summary/estimate.ts";
import type { ReportView, TargetRow } from "../view/view.ts";
import { logScale, spansDecades } from "./axes.ts";
import type { Chart } from "./chart.ts";
import { rowFigure } from "./rows.ts";

/** Rates with their intervals; an arrow where the truth may lie further right. */
export function throughputChart(view: ReportView): Chart | undefined {
  const text = new Map<TargetRow, string>();
  const data = view.rows.flatMap((row) => {
    const estimate = estimateOf(row.cells.get("throughput"), "achievedRatePerSecond");
    if (estimate.kind !== "value") return [];
    text.set(row, `${signOf(estimate.bound)}${formatInterval(estimate.interval, "perSecond")}`);
    return [{ name: row.name, ...estimate.interval, atLeast: estimate.bound === "at-least" }];
  });
  if (data.length === 0) return undefined;
  const rows = view.rows.filter((row) => text.has(row));
  const ends = data.flatMap(({ low, high }) => [low, high]);
  const log = spansDecades(ends) ? logScale(ends, 8) : undefined;
  const scale = log ? { type: "log", domain: log.domain } : { type: "linear", zero: true };
  const axis = {
    title: `round trips per second${log ? ", logarithmic" : ""} (higher is better)`,
    ...(log && { values: log.ticks }),
    format: "~s",
    labelOverlap: false,
    labelFlush: false,
  };
  const x = (field: string) => ({ field, type: "quantitative", scale });
  // A bar's length means nothing on a logarithmic axis, which has no zero.
  const mark = log ? { type: "point", size: 130, filled: true, opacity: 1 } : { type: "bar", height: { band: 0.6 } };
  return {
    file: "throughput.svg",
    alt: `Round trips per second in a closed loop: ${formatList(rows.map((row) => `${row.name} ${text.get(row)}`))}.`,
    spec: rowFigure({
      title: "Throughput: round trips per second, closed loop",
      subtitle: `line: 95 % interval; ≥ and arrow: the load generator was the limit. Higher is better.`,
      rows,
      text,
      data,
      layers: [
        { mark, encoding: { x: { ...x("value"), axis } } },
        {
          mark: { type: "rule", strokeWidth: 2, color: "#1f2328" },
          encoding: { x: x("low"), x2: { field: "high" }, color: { value: "#1f2328" } },
        },
        {
          transform: [{ filter: "datum.atLeast" }],
          mark: { type: "point", shape: "triangle-right", size: 80, filled: true, opacity: 1, xOffset: 8 },
          encoding: { x: x("high"), color: { value: "#1f2328" } },
        },
      ],
    }),
  };
}
