import { formatList } from "../../../results/quantities/format.ts";
import type { Chart } from "../../charts/chart.ts";
import { rowFigure } from "../../charts/rows.ts";
import { middleOf, wordsOf } from "../../view/cluster-reading.ts";
import { type ArmView, type ExperimentView, usableArm } from "../../view/cluster-view.ts";

const metric = "deliveredFraction";

/** Of the deliveries owed, those that arrived: a bar per arm, and a mark where it was expected to end. */
export function completenessChart({ arms }: ExperimentView, file: string): Chart | undefined {
  const rows = arms.filter((arm) => middleOf(arm, metric) !== undefined);
  if (rows.length < 2) return undefined;
  const words = (arm: ArmView): string => wordsOf(arm, metric)!;
  const data = rows.map((arm) => {
    const expected = usableArm(arm)?.predictions.find((prediction) => prediction.metric === metric)?.expected;
    const ends = expected && { from: Math.max(0, expected.low), to: Math.min(1, expected.high) };
    return { name: arm.name, value: middleOf(arm, metric), ...ends, expected: ends !== undefined };
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
    file,
    alt: `Delivered of what was owed: ${formatList(rows.map((arm) => `${arm.name} ${words(arm)}`))}.`,
    spec: rowFigure({
      title: "What arrived, of what was owed",
      subtitle: "bar: measured; black mark: expected before the run.",
      rows,
      text: new Map(rows.map((arm) => [arm, words(arm)])),
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
