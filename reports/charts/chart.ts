import type { TopLevelSpec } from "vega-lite";
import { image } from "../text/markdown.ts";
import { wrap } from "../text/wrap.ts";
import { gridInk, ground, ink, quietInk } from "./colours.ts";

/** A figure of a report: a Vega-Lite specification with its data, so that SVG and HTML show the same. */
export interface Chart {
  /** Name of the SVG, e.g. `echo-latency.svg`. */
  readonly file: string;
  /** What the figure says, in words, for those who cannot see it. */
  readonly alt: string;
  readonly spec: TopLevelSpec;
}

/** The figures of a section as markdown shows them. */
export const showCharts = (charts: readonly Chart[]): string =>
  charts.map(({ alt, file }) => image(alt, file)).join("\n\n");

/** Wide enough for a line of words, narrow enough that a telephone, 360 pixels across, shows them at 10 pixels or more. */
export const figureWidth = 380;
/** Of figures with an axis on the left, which needs room of its own. */
export const plotWidth = 330;

export const textSize = 14;

export const chartConfig = {
  background: ground,
  padding: 10,
  font: "Helvetica, Arial, sans-serif",
  view: { stroke: null },
  title: {
    anchor: "start",
    frame: "group",
    fontSize: 15,
    subtitleFontSize: textSize,
    subtitleColor: quietInk,
    subtitlePadding: 4,
    offset: 12,
    color: ink,
  },
  axis: {
    labelFontSize: textSize,
    titleFontSize: textSize,
    titleFontWeight: "normal",
    labelColor: ink,
    titleColor: quietInk,
    gridColor: gridInk,
    domain: false,
    ticks: false,
    labelPadding: 6,
  },
  legend: { labelFontSize: textSize, titleFontSize: textSize, symbolSize: 120, labelLimit: 0, labelColor: ink },
  text: { fontSize: textSize, color: ink },
  rule: { color: ink },
} as const satisfies TopLevelSpec["config"];

const lettersPerLine = 46;

/** Words as the lines a title of the figure's width has room for. */
export const titleLines = (text: string): string[] => wrap(text, lettersPerLine);

/** Columns of a legend below a figure that its names have room in. */
export const legendColumns = (names: readonly string[]): number =>
  Math.max(0, ...names.map(({ length }) => length)) > 18 ? 1 : 2;
