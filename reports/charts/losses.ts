import type { TopLevelSpec } from "vega-lite";
import { formatList, formatQuantity } from "../../results/quantities/format.ts";
import { middleOf, wordsOf } from "../view/shown-estimate.ts";
import type { CellView, ExperimentView } from "../view/view.ts";
import type { Chart } from "./chart.ts";
import type { FigureFile } from "./file-names.ts";
import { figureWidth, rowAxis } from "./rows.ts";

const kinds = [
  { title: "silent: nobody was told", metric: "silentLossDeliveries", colour: "#d55e00" },
  { title: "declared: somebody was told", metric: "declaredLossDeliveries", colour: "#56b4e9" },
] as const;

/** Deliveries that never came, apart by whether anybody was told. Undefined where nothing was lost. */
export function lossesChart({ cells }: ExperimentView, file: FigureFile): Chart | undefined {
  const rows = cells.filter((cell) => kinds.every(({ metric }) => middleOf(cell, metric) !== undefined));
  const data = rows.flatMap((cell) =>
    kinds.map(({ title, metric }, order) => ({ name: cell.name, title, order, value: middleOf(cell, metric)! })),
  );
  if (data.every(({ value }) => value === 0)) return undefined;
  const words = (cell: CellView): string => kinds.map(({ metric }) => wordsOf(cell, metric)!).join(" + ");
  const inWords = rows.map((cell) => {
    const [silent, declared] = kinds.map(({ metric }) => formatQuantity(middleOf(cell, metric)!, "count"));
    return `${cell.name} ${silent} silent and ${declared} declared`;
  });
  return {
    file: file("losses"),
    alt: `Deliveries lost: ${formatList(inWords)}.`,
    spec: {
      title: {
        text: "What was lost, and was anybody told?",
        subtitle: "deliveries owed that never came; in words on the right: silent + declared. Less is better.",
      },
      width: figureWidth,
      height: { step: 34 },
      data: { values: data },
      encoding: { y: rowAxis(rows) },
      layer: [
        {
          mark: { type: "bar", height: { band: 0.6 } },
          encoding: {
            x: {
              field: "value",
              type: "quantitative",
              stack: "zero",
              axis: {
                title: "deliveries lost (lower is better)",
                labelExpr: "format(datum.value, '~s')",
                tickCount: 6,
                labelFlush: false,
              },
            },
            order: { field: "order", type: "quantitative" },
            color: {
              field: "title",
              type: "nominal",
              title: null,
              scale: { domain: kinds.map(({ title }) => title), range: kinds.map(({ colour }) => colour) },
              legend: { orient: "bottom" },
            },
          },
        },
        {
          data: { values: rows.map((cell) => ({ name: cell.name, text: words(cell) })) },
          mark: { type: "text", align: "left", dx: 14 },
          encoding: { x: { value: figureWidth }, text: { field: "text" }, color: { value: "#1f2328" } },
        },
      ],
    } as unknown as TopLevelSpec,
  };
}
