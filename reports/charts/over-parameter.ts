/** One number of the cells of an experiment against a parameter they differ in: a line per target, a panel per way. */
import type { TopLevelSpec } from "vega-lite";
import { type MetricName, metricNamed } from "../../results/metrics/metrics.ts";
import { formatList, formatQuantity } from "../../results/quantities/format.ts";
import { type Bound, estimateOf, signOf } from "../../results/summary/estimate.ts";
import type { CellView, ExperimentView } from "../view/view.ts";
import { delayAxis, delayLabel, logScale, spansDecades } from "./axes.ts";
import { type Chart, legendColumns, plotWidth, textSize, titleLines } from "./chart.ts";
import { rowColours } from "./colours.ts";

export interface ParameterFigure {
  readonly file: string;
  readonly title: string;
  readonly metric: MetricName;
  /** What the horizontal axis counts, and where a cell lies on it; undefined: it is not in the figure. */
  readonly over: string;
  readonly at: (cell: CellView) => number | undefined;
  /** Of a cell that has the same number at other places by other names. */
  readonly also?: readonly { readonly metric: MetricName; readonly at: number }[];
  /** Both axes are linear, from 0. Absent: they are logarithmic where that shows more. */
  readonly isLinear?: true;
  /** What a line is called. Absent: as its target. */
  readonly line?: (cell: CellView) => string;
  /** What sets a panel apart. */
  readonly panel: (cell: CellView) => string;
}

interface Point {
  readonly panel: string;
  readonly name: string;
  readonly x: number;
  readonly value: number;
  readonly bound?: Bound | undefined;
}

/** More lines in a panel than this are a table. */
const linesMax = 12;

/** Undefined where no target has the number at two places. */
export function overParameterChart({ cells }: ExperimentView, figure: ParameterFigure): Chart | undefined {
  const { file, title, metric, over, at, also = [], isLinear = false, panel } = figure;
  const { line = ({ target }: CellView) => target.title } = figure;
  const { unit, better = "lower", title: counted } = metricNamed(metric);
  const found = cells.flatMap((view): (Point & { readonly cell: CellView })[] => {
    return [{ metric, at: at(view) }, ...also].flatMap(({ metric, at: x }) => {
      const estimate = estimateOf(view.cell, metric);
      if (estimate.kind !== "value" || x === undefined || estimate.interval.value <= 0) return [];
      const { interval, bound } = estimate;
      return [{ panel: panel(view), name: line(view), x, value: interval.value, bound, cell: view }];
    });
  });
  const targets = [...new Map(found.map(({ name, cell }) => [name, { name, info: cell.target }])).values()];
  const isLine = [...Map.groupBy(found, (point) => `${point.panel}\n${point.name}`).values()].some(
    (points) => new Set(points.map(({ x }) => x)).size > 1,
  );
  if (!isLine || targets.length > linesMax) return undefined;
  const points: Point[] = found.map(({ cell: _, ...point }) => point);
  const panels = [...new Set(points.map((point) => point.panel))];
  const values = points.map(({ value }) => value);
  const places = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const log = !isLinear && spansDecades(values) ? logScale(values, 6) : undefined;
  const scale = log ? { type: "log", domain: log.domain } : { type: "linear", zero: isLinear };
  const axisTitle = `${counted} (${better} is better)`;
  const axis =
    unit === "us" && log !== undefined
      ? delayAxis(log, axisTitle)
      : {
          title: axisTitle,
          ...(unit === "us" ? { labelExpr: delayLabel } : { format: "~s" }),
          ...(log ? { values: log.ticks } : { tickCount: 5 }),
        };
  return {
    file,
    alt: `${title} ${panelsInWords(points, panels, unit)}`,
    spec: {
      title: {
        text: titleLines(title),
        subtitle: titleLines(`a line per target${log ? "; both axes logarithmic" : ""}${boundsInWords(points)}`),
      },
      columns: 1,
      spacing: 28,
      concat: panels.map((name) => ({
        title: { text: name, fontSize: textSize, fontWeight: "normal", offset: 6 },
        width: plotWidth,
        height: 170,
        data: { values: points.filter((point) => point.panel === name) },
        encoding: {
          x: {
            field: "x",
            type: "quantitative",
            scale: { type: isLinear ? "linear" : "log", domain: [isLinear ? 0 : places[0], places.at(-1)] },
            axis: { title: over, values: places, format: "~s", labelFlush: false },
          },
          y: { field: "value", type: "quantitative", scale, axis },
          color: {
            field: "name",
            type: "nominal",
            title: null,
            sort: targets.map((target) => target.name),
            scale: rowColours(targets),
            legend: { orient: "bottom", columns: legendColumns(targets.map((target) => target.name)) },
          },
          // Targets of one protocol have one colour.
          shape: {
            field: "name",
            type: "nominal",
            title: null,
            sort: targets.map((target) => target.name),
            scale: { domain: targets.map((target) => target.name) },
          },
        },
        layer: [
          { mark: { type: "line", strokeWidth: 2 } },
          { transform: [{ filter: "!datum.bound" }], mark: { type: "point", size: 60, filled: true } },
          { transform: [{ filter: "datum.bound" }], mark: { type: "point", size: 60, fill: "white" } },
        ],
      })),
    } as unknown as TopLevelSpec,
  };
}

/** What is open is a bound, and which. */
function boundsInWords(points: readonly Point[]): string {
  const words = { "at-least": "at least", "at-most": "at most" } as const;
  const bounds = [...new Set(points.flatMap(({ bound }) => bound ?? []))];
  return bounds.length === 0 ? "" : `; open: ${bounds.map((bound) => words[bound]).join(" or ")} that`;
}

/** From the first place to the last, panel by panel. */
const panelsInWords = (
  points: readonly Point[],
  panels: readonly string[],
  unit: Parameters<typeof formatQuantity>[1],
): string =>
  panels
    .map((panel) => {
      const lines = Map.groupBy(
        points.filter((point) => point.panel === panel),
        ({ name }) => name,
      );
      const words = [...lines].map(([name, own]) => {
        const ends = [own[0]!, own.at(-1)!].map(({ value, bound }) => `${signOf(bound)}${formatQuantity(value, unit)}`);
        return `${name} from ${ends[0]} to ${ends[1]}`;
      });
      return `${panel}: ${formatList(words)}.`;
    })
    .join(" ");
