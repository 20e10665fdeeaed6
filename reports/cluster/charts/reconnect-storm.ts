import type { TopLevelSpec } from "vega-lite";
import { formatList, formatQuantity } from "../../../results/quantities/format.ts";
import type { Chart } from "../../charts/chart.ts";
import { oneLine } from "../../text/markdown.ts";
import { type ExperimentView, shownTrial } from "../../view/cluster-view.ts";
import { seriesPoints } from "./timeline.ts";

/** Tries to connect per second after the fault, one panel per arm, where arms differ in how users wait. */
export function reconnectStormChart({ arms }: ExperimentView, file: string): Chart | undefined {
  const shown = arms.flatMap((arm) => {
    const trial = shownTrial(arm);
    const series = trial?.series.find(({ name }) => name === "attemptsPerSecond");
    if (trial === undefined || series === undefined || series.values.length === 0) return [];
    const zeroMs = trial.events.find(({ kind }) => kind === "fault")?.atMs;
    if (zeroMs === undefined) return [];
    const backoff = oneLine(arm.cell.parameters.backoff).slice(0, 60);
    return [{ arm, backoff, peak: Math.max(...series.values), points: seriesPoints(series, zeroMs) }];
  });
  if (new Set(shown.map(({ backoff }) => backoff)).size < 2) return undefined;
  const most = Math.max(1, ...shown.map(({ peak }) => peak));
  const times = shown.flatMap(({ points }) => [points[0]!.atMs, points.at(-1)!.atMs]);
  const x = (last: boolean) => ({
    field: "atMs",
    type: "quantitative",
    scale: { domain: [Math.min(...times), Math.max(...times)], nice: false },
    axis: last
      ? {
          title: "time since the fault",
          labelExpr: "format(datum.value / 1000, '~g') + ' s'",
          tickCount: 8,
          labelFlush: false,
        }
      : { labels: false, title: null, tickCount: 8 },
  });
  const peaks = shown.map(({ arm, peak }) => `${arm.name} ${formatQuantity(peak, "perSecond")}`);
  return {
    file,
    alt: `Peak of tries to connect per second after the fault: ${formatList(peaks)}.`,
    spec: {
      title: {
        text: "The storm after the fault: tries to connect per second",
        subtitle: "all panels on one scale; first trial of each arm. Flatter is better for those who must answer.",
      },
      spacing: 12,
      vconcat: shown.map(({ arm, backoff, peak, points }, index) => ({
        title: {
          text: `${arm.name}${arm.name === backoff ? "" : `: ${backoff}`}, peak ${formatQuantity(peak, "perSecond")}`,
          fontSize: 13,
          fontWeight: "normal",
          offset: 4,
        },
        width: 560,
        height: 80,
        layer: [
          {
            data: { values: points },
            mark: { type: "area", interpolate: "step-before", color: "#0072b2", opacity: 0.8 },
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
            mark: { type: "rule", strokeWidth: 1.5, color: "#c2410c" },
            encoding: { x: x(index === shown.length - 1) },
          },
        ],
      })),
    } as unknown as TopLevelSpec,
  };
}
