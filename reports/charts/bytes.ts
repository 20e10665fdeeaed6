import { formatInterval, formatList, formatQuantity } from "../../results/quantities/format.ts";
import { estimateOf } from "../../results/summary/estimate.ts";
import type { ReportView, TargetRow } from "../view/view.ts";
import type { Chart } from "./chart.ts";
import { barHeight, intervalLayer, rowFigure, sortedRows } from "./rows.ts";

/** What one message and its echo put on the wire: what the application sent, and what the protocol added. */
export function bytesChart(view: ReportView): Chart | undefined {
  const found = new Map<TargetRow, { text: string; overhead: string; total: number; data: object[] }>();
  for (const row of view.rows) {
    const cell = row.cells.get("echo");
    const total = estimateOf(cell, "wireBytesPerMessage");
    const overhead = estimateOf(cell, "overheadBytesPerMessage");
    if (cell === undefined || total.kind !== "value" || overhead.kind !== "value") continue;
    const payload = 2 * cell.parameters.payloadBytes;
    const { value, low, high } = total.interval;
    found.set(row, {
      text: formatInterval(total.interval, "bytes"),
      overhead: formatQuantity(overhead.interval.value, "bytes"),
      total: value,
      data: [{ name: row.name, payload, value, low, high }],
    });
  }
  if (found.size === 0) return undefined;
  const rows = sortedRows([...found.keys()], (row) => found.get(row)!.total, "lower");
  const x = (field: string) => ({ field, type: "quantitative" });
  const axis = { title: "bytes per round trip (lower is better)", format: ",d", tickCount: 5, labelFlush: false };
  return {
    file: "bytes.svg",
    alt: `Wire bytes per round trip: ${formatList(
      rows.map((row) => `${row.name} ${found.get(row)!.text}, of which overhead ${found.get(row)!.overhead}`),
    )}.`,
    spec: rowFigure({
      title: "Bytes on the wire per round trip",
      subtitle: "one message and its echo, above TCP; pale: the payload, full: what the protocol adds",
      rows,
      text: new Map(rows.map((row) => [row, found.get(row)!.text])),
      data: rows.flatMap((row) => found.get(row)!.data),
      layers: [
        {
          mark: { type: "bar", height: barHeight, opacity: 0.4 },
          encoding: { x: { ...x("payload"), axis } },
        },
        { mark: { type: "bar", height: barHeight }, encoding: { x: x("payload"), x2: { field: "value" } } },
        intervalLayer(x),
      ],
    }),
  };
}
