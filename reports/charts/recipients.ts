import { formatList, formatQuantity } from "../../results/quantities/format.ts";
import { estimateOf, signOf } from "../../results/summary/estimate.ts";
import type { ExperimentView } from "../view/view.ts";
import { delayAxis, logScale } from "./axes.ts";
import { colouredCell } from "./cell-rows.ts";
import type { Chart } from "./chart.ts";
import type { ColouredRow } from "./colours.ts";
import type { FigureFile } from "./file-names.ts";
import { rowFigure } from "./rows.ts";

const recipients = ["firstRecipientP50Us", "medianRecipientP50Us", "lastRecipientP50Us"] as const;

/** When the first, the middle and the last user of a broadcast had it. */
export function recipientsChart({ cells }: ExperimentView, file: FigureFile): Chart | undefined {
  const text = new Map<ColouredRow, string>();
  const all = cells.map(colouredCell);
  const points = all.flatMap((row) => {
    const found = recipients.flatMap((metric) => {
      const estimate = estimateOf(row.cell, metric);
      return estimate.kind === "value" && estimate.interval.value > 0
        ? [{ name: row.name, metric, us: estimate.interval.value, sign: signOf(estimate.bound) }]
        : [];
    });
    if (found.length < recipients.length) return [];
    text.set(row, found.map(({ us, sign }) => `${sign}${formatQuantity(us, "us")}`).join(" – "));
    return found;
  });
  const rows = all.filter((row) => text.has(row));
  if (rows.length < 2) return undefined;
  const scale = logScale(
    points.map(({ us }) => us),
    8,
  );
  const x = { field: "us", type: "quantitative", scale: { type: "log", domain: scale.domain } };
  const axis = delayAxis(scale, "delay from the schedule p50, logarithmic (lower is better)");
  const only = (metric: (typeof recipients)[number]) => ({ filter: `datum.metric === '${metric}'` });
  return {
    file: file("recipients"),
    alt: `First, median and last recipient of a message, p50: ${formatList(rows.map((row) => `${row.name} ${text.get(row)}`))}.`,
    spec: rowFigure({
      title: "When has everybody heard it?",
      subtitle: "filled: first user; line: the user in the middle; open: the last. p50 over the messages.",
      rows,
      text,
      data: points,
      layers: [
        {
          mark: { type: "rule", strokeWidth: 6, opacity: 0.35 },
          encoding: { x: { aggregate: "min", ...x, axis }, x2: { aggregate: "max", field: "us" } },
        },
        {
          transform: [only("medianRecipientP50Us")],
          mark: { type: "tick", thickness: 2, size: 14 },
          encoding: { x },
        },
        {
          transform: [only("lastRecipientP50Us")],
          mark: { type: "point", size: 110, fill: "white", filled: false, strokeWidth: 2 },
          encoding: { x },
        },
        {
          transform: [only("firstRecipientP50Us")],
          mark: { type: "point", size: 120, filled: true, opacity: 1 },
          encoding: { x },
        },
      ],
    }),
  };
}
