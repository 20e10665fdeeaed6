import { formatInterval, formatList, formatQuantity } from "../../results/quantities/format.ts";
import { estimateOf } from "../../results/summary/estimate.ts";
import type { ReportView, TargetRow } from "../view/view.ts";
import type { Chart } from "./chart.ts";
import { firstColour, secondColour } from "./colours.ts";
import { rowFigure } from "./rows.ts";

const parts = ["payload", "overhead"] as const;

/** What one message and its echo put on the wire: what the application sent, and what the protocol added. */
export function bytesChart(view: ReportView): Chart | undefined {
  const text = new Map<TargetRow, string>();
  const data = view.rows.flatMap((row) => {
    const cell = row.cells.get("echo");
    const total = estimateOf(cell, "wireBytesPerMessage");
    const overhead = estimateOf(cell, "overheadBytesPerMessage");
    if (cell === undefined || total.kind !== "value" || overhead.kind !== "value") return [];
    text.set(row, formatInterval(total.interval, "bytes"));
    const bytes = { payload: 2 * cell.parameters.payloadBytes, overhead: overhead.interval.value };
    return parts.map((part, order) => ({ name: row.name, part, order, bytes: bytes[part] }));
  });
  if (data.length === 0) return undefined;
  const rows = view.rows.filter((row) => text.has(row));
  const overheadOf = (row: TargetRow) =>
    formatQuantity(data.find(({ name, part }) => name === row.name && part === "overhead")!.bytes, "bytes");
  return {
    file: "bytes.svg",
    alt: `Wire bytes per round trip: ${formatList(
      rows.map((row) => `${row.name} ${text.get(row)}, of which overhead ${overheadOf(row)}`),
    )}.`,
    spec: rowFigure({
      title: "Bytes on the wire per round trip",
      subtitle: "one message and its echo, above TCP, in the echo scenario. Lower is better.",
      rows,
      text,
      data,
      layers: [
        {
          mark: { type: "bar", height: { band: 0.6 } },
          encoding: {
            x: {
              field: "bytes",
              type: "quantitative",
              stack: "zero",
              axis: { title: "bytes per round trip (lower is better)", format: ",d", tickCount: 6, labelFlush: false },
            },
            order: { field: "order", type: "quantitative" },
            color: {
              field: "part",
              type: "nominal",
              title: null,
              scale: { domain: [...parts], range: [firstColour, secondColour] },
              legend: { orient: "bottom" },
            },
          },
        },
      ],
    }),
  };
}
