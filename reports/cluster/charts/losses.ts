import type { TopLevelSpec } from "vega-lite";
import { formatList, formatQuantity } from "../../../results/quantities/format.ts";
import type { Chart } from "../../charts/chart.ts";
import { figureWidth, rowAxis } from "../../charts/rows.ts";
import { middleOf, wordsOf } from "../../view/cluster-reading.ts";
import type { ArmView, ExperimentView } from "../../view/cluster-view.ts";

const kinds = [
  { title: "silent: nobody was told", metric: "silentLossDeliveries", colour: "#d55e00" },
  { title: "declared: somebody was told", metric: "declaredLossDeliveries", colour: "#56b4e9" },
] as const;

/** Deliveries that never came, apart by whether anybody was told. Undefined where nothing was lost. */
export function lossesChart({ arms }: ExperimentView, file: string): Chart | undefined {
  const rows = arms.filter((arm) => kinds.every(({ metric }) => middleOf(arm, metric) !== undefined));
  const data = rows.flatMap((arm) =>
    kinds.map(({ title, metric }, order) => ({ name: arm.name, title, order, value: middleOf(arm, metric)! })),
  );
  if (data.every(({ value }) => value === 0)) return undefined;
  const words = (arm: ArmView): string => kinds.map(({ metric }) => wordsOf(arm, metric)!).join(" + ");
  const inWords = rows.map((arm) => {
    const [silent, declared] = kinds.map(({ metric }) => formatQuantity(middleOf(arm, metric)!, "count"));
    return `${arm.name} ${silent} silent and ${declared} declared`;
  });
  return {
    file,
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
          data: { values: rows.map((arm) => ({ name: arm.name, text: words(arm) })) },
          mark: { type: "text", align: "left", dx: 14 },
          encoding: { x: { value: figureWidth }, text: { field: "text" }, color: { value: "#1f2328" } },
        },
      ],
    } as unknown as TopLevelSpec,
  };
}
