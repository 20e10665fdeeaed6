import { usable } from "../../results/contract/cells.ts";
import { formatList } from "../../results/quantities/format.ts";
import { estimateOf } from "../../results/summary/estimate.ts";
import { middleOf, wordsOf } from "../view/shown-estimate.ts";
import type { CellView, ExperimentView } from "../view/view.ts";
import { colouredCell } from "./cell-rows.ts";
import type { Chart } from "./chart.ts";
import { ink } from "./colours.ts";
import type { FigureFile } from "./file-names.ts";
import { barHeight, rowFigure, sortedRows } from "./rows.ts";

const metric = "deliveredFraction";

/** Fewer different shares than this are read faster in a table. */
const sharesMin = 3;

/**
 * Of the deliveries owed, those that arrived: a bar per cell, and a mark where it was expected to end. Undefined where
 * that is more than a table says.
 */
export function completenessChart({ cells }: ExperimentView, file: FigureFile): Chart | undefined {
  const known = cells.filter((cell) => middleOf(cell, metric) !== undefined).map(colouredCell);
  if (new Set(known.map((cell) => middleOf(cell, metric))).size < sharesMin) return undefined;
  const rows = sortedRows(known, (row) => middleOf(row, metric)!, "higher");
  const words = (cell: CellView): string => wordsOf(cell, metric)!;
  const data = rows.map((row) => {
    const expected = usable(row.cell)?.predictions.find((prediction) => prediction.metric === metric)?.expected;
    const ends = expected && { from: Math.max(0, expected.low ?? 0), to: Math.min(1, expected.high ?? 1) };
    const estimate = estimateOf(row.cell, metric);
    const interval = estimate.kind === "value" ? estimate.interval : undefined;
    return { name: row.name, ...interval, ...ends, expected: ends !== undefined };
  });
  const x = (field: string) => ({ field, type: "quantitative", scale: { domain: [0, 1] } });
  const axis = {
    title: "delivered of what was owed (higher is better)",
    labelExpr: "format(datum.value * 100, '~g') + ' %'",
    tickCount: 5,
    labelFlush: false,
  };
  const color = { value: ink };
  const expected = { filter: "datum.expected" };
  const end = (field: string) => ({
    transform: [expected],
    mark: { type: "tick", thickness: 3, size: 24 },
    encoding: { x: x(field), color },
  });
  return {
    file: file("completeness"),
    alt: `Delivered of what was owed: ${formatList(rows.map((row) => `${row.name} ${words(row)}`))}.`,
    spec: rowFigure({
      title: "What arrived, of what was owed",
      subtitle: "bar: measured, thin line: lowest to highest trial; upright marks: expected before the run",
      rows,
      text: new Map(rows.map((row) => [row, words(row)])),
      data,
      layers: [
        { mark: { type: "bar", height: barHeight }, encoding: { x: { ...x("value"), axis } } },
        { mark: { type: "rule", strokeWidth: 1.5 }, encoding: { x: x("low"), x2: { field: "high" }, color } },
        end("from"),
        end("to"),
      ],
    }),
  };
}
