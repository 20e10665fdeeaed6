/** Whatever cells recorded as series, where no other figure knows it: a line per cell. */
import type { TopLevelSpec } from "vega-lite";
import type { Series } from "../../results/contract/results.ts";
import { formatList, formatQuantity } from "../../results/quantities/format.ts";
import { oneLine } from "../text/markdown.ts";
import type { CellView, ExperimentView } from "../view/view.ts";
import { type Chart, legendColumns, plotWidth, titleLines } from "./chart.ts";
import { palette } from "./colours.ts";
import { connectionsPerNode } from "./connections.ts";
import type { FigureFile } from "./file-names.ts";
import { attemptsPerSecond } from "./reconnect-storm.ts";
import { seriesPoints, shownTrial, timeAxis } from "./timeline.ts";

/** Those a cluster records of every trial, for its own figures. */
const known: ReadonlySet<string> = new Set([
  "connectedUsers",
  "deliveriesPerSecond",
  attemptsPerSecond,
  connectionsPerNode,
]);

interface Line {
  readonly cell: CellView;
  readonly series: Series;
}

/** One figure per series, of the first trial of each cell that has it. */
export function seriesCharts({ cells }: ExperimentView, file: FigureFile): Chart[] {
  const lines = cells.flatMap((cell): Line[] =>
    (shownTrial(cell)?.series ?? [])
      .filter(({ name, xs }) => !known.has(name) && xs.length > 0)
      .map((series) => ({ cell, series })),
  );
  const alike = Map.groupBy(lines, ({ series: { name, x } }) => JSON.stringify([name, x]));
  return [...alike.values()].map((own) => seriesChart(own, file("series", own[0]!.series.name)));
}

function seriesChart(lines: readonly Line[], file: string): Chart {
  const { name, title, x } = lines[0]!.series;
  const words = oneLine(title) || oneLine(name);
  const isTime = x === "timeMs";
  const names = lines.map(({ cell }) => cell.name);
  const ends = lines.map(({ cell, series }) => `${cell.name} ${formatQuantity(series.values.at(-1)!, "count")}`);
  return {
    file,
    alt: `${words} over ${isTime ? "time" : oneLine(x)}; at the end: ${formatList(ends)}.`,
    spec: {
      title: { text: titleLines(words), subtitle: "first trial of each cell." },
      width: plotWidth,
      height: 220,
      data: {
        values: lines.flatMap(({ cell, series }) =>
          seriesPoints(series).map((point) => ({ ...point, name: cell.name })),
        ),
      },
      encoding: {
        x: {
          field: "x",
          type: "quantitative",
          scale: { zero: false, nice: false },
          axis: isTime
            ? timeAxis("time since the measurement began")
            : { title: oneLine(x), tickCount: 5, labelFlush: false },
        },
        y: {
          field: "value",
          type: "quantitative",
          axis: { title: oneLine(name), tickCount: 6, labelExpr: "format(datum.value, '~s')" },
        },
        color: {
          field: "name",
          type: "nominal",
          title: null,
          sort: names,
          scale: { domain: names, range: names.map((_, index) => palette[(index + 1) % palette.length]) },
          legend: { orient: "bottom", columns: legendColumns(names), symbolType: "stroke", symbolStrokeWidth: 3 },
        },
      },
      layer: [{ mark: { type: "line", strokeWidth: 2 } }, { mark: { type: "point", size: 24, filled: true } }],
    } as unknown as TopLevelSpec,
  };
}
