/** Figures with one line per target: the marks on the left of a shared axis, the numbers in words on the right. */
import type { TopLevelSpec } from "vega-lite";
import type { LayerSpec, UnitSpec } from "vega-lite/types_unstable/spec/index.js";
import { type ColouredRow, rowColours } from "./colours.ts";

export interface RowFigure {
  readonly title: string;
  readonly subtitle: string;
  /** Targets that have data. */
  readonly rows: readonly ColouredRow[];
  /** The numbers in words. */
  readonly text: ReadonlyMap<ColouredRow, string>;
  readonly data: readonly object[];
  /** Layers encode `name` on y already. */
  readonly layers: readonly object[];
  readonly rowHeight?: number;
}

export const figureWidth = 460;

export function rowFigure({ title, subtitle, rows, text, data, layers, rowHeight = 34 }: RowFigure): TopLevelSpec {
  const words = rows.map((row) => ({ name: row.name, text: text.get(row) ?? "" }));
  return {
    title: { text: title, subtitle },
    width: figureWidth,
    height: { step: rowHeight },
    data: { values: [...data] },
    encoding: { y: rowAxis(rows), color: { field: "name", type: "nominal", scale: rowColours(rows), legend: null } },
    layer: [
      ...layers,
      {
        data: { values: words },
        mark: { type: "text", align: "left", dx: 14 },
        encoding: { x: { value: figureWidth }, text: { field: "text" }, color: { value: "#1f2328" } },
      },
    ],
  } as unknown as TopLevelSpec & (LayerSpec<never> | UnitSpec<never>);
}

/** Targets from top to bottom in the order of the run. */
export const rowAxis = (rows: readonly ColouredRow[]) => ({
  field: "name",
  type: "nominal",
  title: null,
  sort: rows.map(({ name }) => name),
  axis: { labelFontSize: 13, labelLimit: 0, labelPadding: 14 },
});
