import { type Chart, chartConfig } from "./chart.ts";
import { darkStyle } from "./colours.ts";

/** Mean width of a letter of the fonts in use, as a share of their size. */
const letterWidth = 0.56;

type TextWidth = (item: { fontSize?: number }, text: unknown) => number;

/**
 * Draws figures as SVG. The same figures give the same bytes: text is measured by its length, not by whatever fonts
 * this machine has, and element ids start anew.
 */
export async function renderSvgs(charts: readonly Chart[]): Promise<[file: string, svg: string][]> {
  if (charts.length === 0) return [];
  // Slow to load, and only needed here.
  const [vega, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  // Vega's types do not know this export.
  const { textMetrics } = vega as unknown as { textMetrics: { width: TextWidth } };
  textMetrics.width = (item, text) => Math.ceil(String(text).length * (item.fontSize ?? 11) * letterWidth);
  const drawn: [string, string][] = [];
  for (const { file, alt, spec } of charts) {
    vega.resetSVGDefIds();
    const compiled = compile({ ...spec, description: alt } as Chart["spec"], { config: chartConfig });
    const view = new vega.View(vega.parse(compiled.spec), { renderer: "none", logLevel: vega.Error });
    drawn.push([file, `${(await view.toSVG()).replace(/(?<=<svg[^>]*>)/, darkStyle)}\n`]);
    view.finalize();
  }
  return drawn;
}
