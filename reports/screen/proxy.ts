/** What each protocol needs configured in each proxy. */
import { oneLine } from "../text/markdown.ts";
import { left } from "../text/table.ts";
import { asShipped, type ProxyRow, proxyRowsOf, settingsNeeded } from "../view/proxy.ts";
import type { ExperimentView } from "../view/view.ts";
import type { ScreenCell, ScreenTable } from "./screen-table.ts";

const shipped: Readonly<Record<ReturnType<typeof asShipped>, ScreenCell>> = {
  "carries it": { text: "carries", tone: "good" },
  "holds events up": { text: "holds up", tone: "doubt" },
  "carries nothing": { text: "nothing", tone: "bad" },
};

const needsOf = (row: ProxyRow): string => {
  const settings = settingsNeeded(row);
  if (settings === undefined) return "–";
  return settings.length === 0 ? "nothing" : settings.map((name) => oneLine(name)).join(", ");
};

/** Undefined where nothing was measured. */
export function proxyTable({ cells }: ExperimentView): ScreenTable | undefined {
  const rows = proxyRowsOf(cells);
  if (rows.length === 0) return undefined;
  return {
    subject: "behind a proxy",
    columns: [left("shipped"), left("needs")],
    rows: rows.map((row) => {
      const { cell, target } = row.view;
      const proxy = oneLine(cell.variant ?? "");
      return {
        name: `${oneLine(target.title)}, ${proxy}`,
        shortName: `${oneLine(target.label)} ${proxy}`,
        bar: undefined,
        cells: [shipped[asShipped(row)], { text: needsOf(row) }],
      };
    }),
    legend: [
      {
        text: "shipped: with what Debian ships, events are carried at once, held up, or nothing is",
      },
      { text: "needs: the smallest combination found that carries all and outlives silence", column: "needs" },
    ],
  };
}
