/** Figures with one line per target: its name and its numbers in words, and below them the marks on a shared axis. */
import type { TopLevelSpec } from "vega-lite";
import { cut } from "../text/wrap.ts";
import { figureWidth, titleLines } from "./chart.ts";
import { type ColouredRow, ink, rowColours } from "./colours.ts";

export interface RowFigure<Row extends ColouredRow> {
  readonly title: string;
  readonly subtitle: string;
  /** Targets that have data, in the order they are to stand in. */
  readonly rows: readonly Row[];
  /** The numbers in words. */
  readonly text: ReadonlyMap<Row, string>;
  readonly data: readonly object[];
  /** Layers encode `name` on y already; their marks stand below the words. */
  readonly layers: readonly Layer[];
  /** Room of the marks. */
  readonly marksHeight?: number;
}

interface Layer {
  readonly mark: object;
  readonly [property: string]: unknown;
}

const wordsHeight = 22;
const lettersPerRow = 47;

export const rowFigure = <Row extends ColouredRow>(figure: RowFigure<Row>): TopLevelSpec =>
  ({
    title: { text: titleLines(figure.title), subtitle: titleLines(figure.subtitle) },
    ...rowPanel(figure),
  }) as unknown as TopLevelSpec;

/** Without a title of its own, to be set among others. */
export function rowPanel<Row extends ColouredRow>({
  rows,
  text,
  data,
  layers,
  marksHeight = 22,
}: Omit<RowFigure<Row>, "title" | "subtitle">) {
  const words = rows.map((row) => {
    const numbers = text.get(row) ?? "";
    return { name: row.name, label: cut(row.name, Math.max(8, lettersPerRow - numbers.length)), numbers };
  });
  const above = { dy: -marksHeight / 2 };
  const label = (field: string, align: "left" | "right") => ({
    data: { values: words },
    mark: { type: "text", align, ...above },
    encoding: { x: { value: align === "left" ? 0 : figureWidth }, text: { field }, color: { value: ink } },
  });
  return {
    width: figureWidth,
    height: { step: wordsHeight + marksHeight },
    data: { values: [...data] },
    encoding: {
      y: { field: "name", type: "nominal", title: null, sort: rows.map(({ name }) => name), axis: null },
      color: { field: "name", type: "nominal", scale: rowColours(rows), legend: null },
    },
    layer: [
      ...layers.map((layer) => ({ ...layer, mark: { yOffset: wordsHeight / 2, ...layer.mark } })),
      label("label", "left"),
      label("numbers", "right"),
    ],
  };
}

/** The thickness of a bar. */
export const barHeight = 14;

/** A line from one end of an interval to the other. */
export const intervalLayer = (x: (field: string) => object) => ({
  mark: { type: "rule", strokeWidth: 2 },
  encoding: { x: x("low"), x2: { field: "high" }, color: { value: ink } },
});

/** Sorted by a number of theirs, the best first; those without one last. */
export const sortedRows = <Row>(
  rows: readonly Row[],
  sortedBy: (row: Row) => number,
  better: "lower" | "higher",
): Row[] => [...rows].sort((a, b) => (sortedBy(a) - sortedBy(b)) * (better === "lower" ? 1 : -1));
