import { estimateOf } from "../../results/summary/estimate.ts";
import type { ExperimentView } from "../view/view.ts";
import { colouredCell } from "./cell-rows.ts";
import type { Chart } from "./chart.ts";
import type { FigureFile } from "./file-names.ts";
import { type DelayPoint, delayLayers, delaysInWords } from "./percentile-marks.ts";
import { rowFigure, sortedRows } from "./rows.ts";

const recipients = ["firstRecipientP50Us", "medianRecipientP50Us", "lastRecipientP50Us"] as const;

/** More rows than this are a table. */
const rowsMax = 12;

/** When the first, the middle and the last user of a broadcast had it. Undefined where one at most is not a mere bound. */
export function recipientsChart({ cells }: ExperimentView, file: FigureFile): Chart | undefined {
  const found = new Map<ReturnType<typeof colouredCell>, DelayPoint[]>();
  for (const row of cells.map(colouredCell)) {
    const points = recipients.flatMap((mark): DelayPoint[] => {
      const estimate = estimateOf(row.cell, mark);
      return estimate.kind === "value" && estimate.interval.value > 0
        ? [{ name: row.name, mark, ...estimate.interval, bound: estimate.bound }]
        : [];
    });
    if (points.length === recipients.length) found.set(row, points);
  }
  if (found.size > rowsMax) return undefined;
  const known = [...found.values()].filter((points) => points.every(({ bound }) => bound === undefined));
  if (known.length < 2) return undefined;
  const rows = sortedRows([...found.keys()], (row) => found.get(row)!.at(-1)!.value, "lower");
  const points = rows.flatMap((row) => found.get(row)!);
  const text = new Map(rows.map((row) => [row, delaysInWords(found.get(row)!)]));
  return {
    file: file("recipients"),
    alt: `First, median and last recipient of a message, p50: from ${rows[0]!.name} ${text.get(rows[0]!)} to ${rows.at(-1)!.name} ${text.get(rows.at(-1)!)}.`,
    spec: rowFigure({
      title: "When has everybody heard it?",
      subtitle: `p50 of the first user (circle), the middle one (diamond), the last (square)${points.some(({ bound }) => bound) ? "; open: a bound" : ""}`,
      rows,
      text,
      data: points,
      layers: delayLayers(points, recipients, "delay from the schedule, logarithmic (lower is better)"),
    }),
  };
}
