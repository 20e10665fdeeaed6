import type { TopLevelSpec } from "vega-lite";
import { formatList, formatQuantity } from "../../results/quantities/format.ts";
import { oneLine } from "../text/markdown.ts";
import type { ExperimentView } from "../view/view.ts";
import { type Chart, plotWidth, textSize, titleLines } from "./chart.ts";
import { ink, plainColour } from "./colours.ts";
import type { FigureFile } from "./file-names.ts";
import { isOverTime, shownTrial, timeAxis, timePoints } from "./timeline.ts";

export const attemptsPerSecond = "attemptsPerSecond";

/** Tries to connect per second after the fault, one panel per cell, where cells differ in how users wait. */
export function reconnectStormChart({ cells }: ExperimentView, file: FigureFile): Chart | undefined {
  const shown = cells.flatMap((cell) => {
    const trial = shownTrial(cell);
    const series = trial?.series.find((candidate) => candidate.name === attemptsPerSecond && isOverTime(candidate));
    if (trial === undefined || series === undefined) return [];
    const zeroMs = trial.events.find(({ kind }) => kind === "fault")?.atMs;
    if (zeroMs === undefined) return [];
    const backoff = oneLine(String(cell.cell.parameters.settings.backoff ?? "")).slice(0, 60);
    return [{ name: cell.name, backoff, peak: Math.max(...series.values), points: timePoints(series, zeroMs) }];
  });
  if (new Set(shown.map(({ backoff }) => backoff)).size < 2) return undefined;
  shown.sort((a, b) => a.peak - b.peak);
  const most = Math.max(1, ...shown.map(({ peak }) => peak));
  const times = shown.flatMap(({ points }) => [points[0]!.atMs, points.at(-1)!.atMs]);
  const x = (last: boolean) => ({
    field: "atMs",
    type: "quantitative",
    scale: { domain: [Math.min(...times), Math.max(...times)], nice: false },
    axis: timeAxis("time since the fault", last),
  });
  const peaks = shown.map(({ name, peak }) => `${name} ${formatQuantity(peak, "perSecond")}`);
  return {
    file: file("storm"),
    alt: `Peak of tries to connect per second after the fault: ${formatList(peaks)}.`,
    spec: {
      title: {
        text: titleLines("The storm after the fault: tries to connect per second"),
        subtitle: titleLines("all panels on one scale; first trial of each cell; flatter is better"),
      },
      spacing: 12,
      vconcat: shown.map(({ name, backoff, peak, points }, index) => ({
        title: {
          text: titleLines(
            `${name}${name === backoff ? "" : `: ${backoff}`}, peak ${formatQuantity(peak, "perSecond")}`,
          ),
          fontSize: textSize,
          fontWeight: "normal",
          offset: 4,
        },
        width: plotWidth,
        height: 80,
        layer: [
          {
            data: { values: points },
            mark: { type: "area", interpolate: "step-before", color: plainColour, opacity: 0.8 },
            encoding: {
              x: x(index === shown.length - 1),
              y: {
                field: "value",
                type: "quantitative",
                scale: { domain: [0, most], nice: true },
                axis: { title: null, tickCount: 3, labelExpr: "format(datum.value, '~s')", minExtent: 44 },
              },
            },
          },
          {
            data: { values: [{ atMs: 0 }] },
            mark: { type: "rule", strokeWidth: 2, color: ink },
            encoding: { x: x(index === shown.length - 1) },
          },
        ],
      })),
    } as unknown as TopLevelSpec,
  };
}
