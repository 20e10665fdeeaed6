import { formatQuantity } from "../../results/quantities/format.ts";
import { middleOf, wordsOf } from "../view/shown-estimate.ts";
import type { CellView, ExperimentView } from "../view/view.ts";
import { colouredCell } from "./cell-rows.ts";
import type { Chart } from "./chart.ts";
import type { FigureFile } from "./file-names.ts";
import { barHeight, rowFigure, sortedRows } from "./rows.ts";

const silent = "silentLossDeliveries";
const declared = "declaredLossDeliveries";

/** Fewer are read faster in a table. */
const cellsMin = 3;

/** Deliveries that never came, apart by whether anybody was told. Undefined where all or nearly none lost the same. */
export function lossesChart({ cells }: ExperimentView, file: FigureFile): Chart | undefined {
  const known = cells
    .filter((cell) => [silent, declared].every((metric) => middleOf(cell, metric as typeof silent) !== undefined))
    .map(colouredCell);
  const silentOf = (cell: CellView): number => middleOf(cell, silent)!;
  const lostOf = (cell: CellView): number => silentOf(cell) + middleOf(cell, declared)!;
  if (known.length < cellsMin || new Set(known.map(lostOf)).size === 1) return undefined;
  const rows = sortedRows(known, lostOf, "lower");
  const most = rows.at(-1)!;
  const [never, all] = [silentOf(most), lostOf(most)].map((count) => formatQuantity(count, "count"));
  const x = (field: string) => ({ field, type: "quantitative" });
  const axis = {
    title: "deliveries lost (lower is better)",
    labelExpr: "format(datum.value, '~s')",
    tickCount: 5,
    labelFlush: false,
  };
  return {
    file: file("losses"),
    alt: `Deliveries lost, as in the table; most with ${most.name}: ${all}, of them ${never} silent.`,
    spec: rowFigure({
      title: "What was lost, and was anybody told?",
      subtitle: "full: nobody was told (silent); pale: somebody was (declared); in words: silent + declared",
      rows,
      text: new Map(rows.map((cell) => [cell, `${wordsOf(cell, silent)} + ${wordsOf(cell, declared)}`])),
      data: rows.map((cell) => ({ name: cell.name, silent: silentOf(cell), lost: lostOf(cell) })),
      layers: [
        { mark: { type: "bar", height: barHeight }, encoding: { x: { ...x("silent"), axis } } },
        {
          mark: { type: "bar", height: barHeight, opacity: 0.4 },
          encoding: { x: x("silent"), x2: { field: "lost" } },
        },
      ],
    }),
  };
}
