/** One number of each target as bars, sorted, each with its interval and with what a bound leaves open. */
import type { TopLevelSpec } from "vega-lite";
import { type MetricName, metricNamed } from "../../results/metrics/metrics.ts";
import { formatInterval, formatList, formatQuantity } from "../../results/quantities/format.ts";
import { type Estimate, estimateOf, signOf } from "../../results/summary/estimate.ts";
import type { ReportView, TargetRow } from "../view/view.ts";
import { logScale, spansDecades } from "./axes.ts";
import type { Chart } from "./chart.ts";
import { ink } from "./colours.ts";
import { barHeight, intervalLayer, rowFigure, sortedRows } from "./rows.ts";

type Value = Extract<Estimate, { kind: "value" }>;

export interface TargetBars {
  readonly file: string;
  readonly scenario: string;
  readonly metric: MetricName;
  readonly title: string;
  /** What the axis counts. */
  readonly axis: string;
  /** Of a number in the metric's unit, what the axis shows. */
  readonly scaledBy?: number;
}

/** Undefined where no target has the number. */
export function targetBarsChart(view: ReportView, figure: TargetBars): Chart | undefined {
  const { file, scenario, metric, title, axis: counted, scaledBy = 1 } = figure;
  const { unit, better = "lower" } = metricNamed(metric);
  const values = new Map<TargetRow, Value>();
  for (const row of view.rows) {
    const estimate = estimateOf(row.cells.get(scenario), metric);
    if (estimate.kind === "value") values.set(row, estimate);
  }
  if (values.size === 0) return undefined;
  const rows = sortedRows([...values.keys()], (row) => values.get(row)!.interval.value, better);
  const text = new Map(rows.map((row) => [row, inWords(values.get(row)!, unit)]));
  const data = rows.map((row) => {
    const { interval, bound, upTo } = values.get(row)!;
    const [value, low, high] = [interval.value, interval.low, interval.high].map((number) => number / scaledBy);
    const end = bound === "at-least" && upTo !== undefined ? upTo / scaledBy : undefined;
    return { name: row.name, value, low, high, ...(end !== undefined && end > value! && { end }), bound: bound ?? "" };
  });
  const ends = data.flatMap(({ low, high, end }) => [low!, high!, ...(end === undefined ? [] : [end])]);
  const log = spansDecades(ends) ? logScale(ends, 6) : undefined;
  const scale = log ? { type: "log", domain: log.domain } : { type: "linear", zero: true };
  const x = (field: string) => ({ field, type: "quantitative", scale });
  const axis = {
    title: `${counted}${log ? ", logarithmic" : ""} (${better} is better)`,
    ...(log ? { values: log.ticks } : { tickCount: 5 }),
    format: "~s",
    labelOverlap: false,
    labelFlush: false,
  };
  // A bar's length means nothing on a logarithmic axis, which has no zero.
  const mark = log ? { type: "point", size: 130, filled: true, opacity: 1 } : { type: "bar", height: barHeight };
  const isOpen = data.some(({ end }) => end !== undefined);
  const isEndless = data.some(({ bound, end }) => bound === "at-least" && end === undefined);
  return {
    file,
    alt: `${title}: ${formatList(rows.map((row) => `${row.name} ${text.get(row)}`))}.`,
    spec: rowFigure({
      title,
      subtitle: [
        "line: 95 % interval",
        ...(isOpen ? ["open: the truth lies in there"] : []),
        ...(isEndless ? ["arrow: a lower bound"] : []),
      ].join("; "),
      rows,
      text,
      data,
      layers: [
        {
          transform: [{ filter: "isValid(datum.end)" }],
          mark: { type: "bar", height: barHeight, filled: false, strokeWidth: 2 },
          encoding: { x: x("value"), x2: { field: "end" } },
        },
        { mark, encoding: { x: { ...x("value"), axis } } },
        intervalLayer(x),
        {
          transform: [{ filter: "datum.bound === 'at-least' && !isValid(datum.end)" }],
          mark: { type: "point", shape: "triangle-right", size: 80, filled: true, opacity: 1, xOffset: 8 },
          encoding: { x: x("high"), color: { value: ink } },
        },
      ],
    }) as TopLevelSpec,
  };
}

/** `≥ 53,600/s (27,900–92,100)`, or with both ends of it known `53,600/s to 71,000/s`. */
const inWords = ({ interval, bound, upTo }: Value, unit: Parameters<typeof formatQuantity>[1]): string =>
  bound === "at-least" && upTo !== undefined && upTo > interval.value
    ? `${formatQuantity(interval.value, unit)} to ${formatQuantity(upTo, unit)}`
    : `${signOf(bound)}${formatInterval(interval, unit)}`;
