import { usable } from "../../results/contract/cells.ts";
import { formatList } from "../../results/quantities/format.ts";
import { middleOf, wordsOf } from "../view/shown-estimate.ts";
import type { CellView, ExperimentView } from "../view/view.ts";
import { colouredCell } from "./cell-rows.ts";
import type { Chart } from "./chart.ts";
import type { FigureFile } from "./file-names.ts";
import { rowFigure } from "./rows.ts";

const metric = "deliveredFraction";

/** Of the deliveries owed, those that arrived: a bar per cell, and a mark where it was expected to end. */
export function completenessChart({ cells }: ExperimentView, file: FigureFile): Chart | undefined {
  const rows = cells.filter((cell) => middleOf(cell, metric) !== undefined).map(colouredCell);
  if (rows.length < 2) return undefined;
  const words = (cell: CellView): string => wordsOf(cell, metric)!;
  const data = rows.map((row) => {
    const expected = usable(row.cell)?.predictions.find((prediction) => prediction.metric === metric)?.expected;
    const ends = expected && { from: Math.max(0, expected.low ?? 0), to: Math.min(1, expected.high ?? 1) };
    return { name: row.name, value: middleOf(row, metric), ...ends, expected: ends !== undefined };
  });
  const x = (field: string) => ({ field, type: "quantitative", scale: { domain: [0, 1] } });
  const axis = {
    title: "delivered of what was owed (higher is better)",
    labelExpr: "format(datum.value * 100, '~g') + ' %'",
    tickCount: 6,
    labelFlush: false,
  };
  const ink = { value: "#1f2328" };
  const expected = { filter: "datum.expected" };
  return {
    file: file("completeness"),
    alt: `Delivered of what was owed: ${formatList(rows.map((row) => `${row.name} ${words(row)}`))}.`,
    spec: rowFigure({
      title: "What arrived, of what was owed",
      subtitle: "bar: measured; black mark: expected before the run.",
      rows,
      text: new Map(rows.map((row) => [row, words(row)])),
      data,
      layers: [
        { mark: { type: "bar", height: { band: 0.6 } }, encoding: { x: { ...x("value"), axis } } },
        {
          transform: [expected],
          mark: { type: "rule", strokeWidth: 3 },
          encoding: { x: x("from"), x2: { field: "to" }, color: ink },
        },
        {
          transform: [expected],
          mark: { type: "tick", thickness: 3, size: 30 },
          encoding: { x: x("from"), color: ink },
        },
        {
          transform: [expected],
          mark: { type: "tick", thickness: 3, size: 30 },
          encoding: { x: x("to"), color: ink },
        },
      ],
    }),
  };
}
