import type { TopLevelSpec } from "vega-lite";
import { image } from "../text/markdown.ts";

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

const ink = "#1f2328";
const quietInk = "#59636e";

/** White ground, so that a figure reads on dark pages; no text below 12 pixels. */
export const chartConfig = {
  background: "white",
  padding: 16,
  font: "Helvetica, Arial, sans-serif",
  view: { stroke: null },
  title: { anchor: "start", fontSize: 16, subtitleFontSize: 13, subtitleColor: quietInk, offset: 12, color: ink },
  axis: {
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: "normal",
    labelColor: ink,
    titleColor: quietInk,
    gridColor: "#e4e7eb",
    domain: false,
    ticks: false,
    labelPadding: 8,
  },
  legend: { labelFontSize: 13, titleFontSize: 12, symbolSize: 120, labelLimit: 0, labelColor: ink },
  text: { fontSize: 12, color: ink },
} as const satisfies TopLevelSpec["config"];
