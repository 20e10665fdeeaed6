import type { TopLevelSpec } from "vega-lite";
import { completeTrials, usable } from "../../results/contract/cells.ts";
import { formatList, formatQuantity } from "../../results/quantities/format.ts";
import { flowNamed } from "../../results/recording/flows.ts";
import { carriesPercentile, sumHistograms } from "../../results/statistics/histogram.ts";
import type { ReportView, TargetRow } from "../view/view.ts";
import { delayAxis, logScale } from "./axes.ts";
import { type Chart, legendColumns, plotWidth, titleLines } from "./chart.ts";
import { rowColours } from "./colours.ts";

/** Points per factor of ten in the share of messages that were slower. */
const pointsPerDecade = 24;
const dashes = [
  [1, 0],
  [6, 3],
  [2, 2],
  [8, 3, 2, 3],
];

interface Point {
  readonly name: string;
  /** 1 / (1 - percentile / 100): 2 is the median, 100 the 99th percentile. */
  readonly oneIn: number;
  readonly us: number;
}

/** The whole distribution, as far into the tail as the messages of all trials together carry it. */
export function echoPercentilesChart(view: ReportView): Chart | undefined {
  const curves = view.rows.map((row) => ({ row, points: curveOf(row) })).filter(({ points }) => points.length > 0);
  if (curves.length === 0) return undefined;
  const rows = curves.map(({ row }) => row);
  const points = curves.flatMap((curve) => curve.points);
  const reach = Math.max(...points.map(({ oneIn }) => oneIn));
  const scale = logScale(
    points.map(({ us }) => us),
    12,
  );
  const farthest = curves.map(
    ({ row, points }) =>
      `${row.name} reaches ${formatQuantity(points.at(-1)!.us, "us")} at the slowest 1 in ${Math.floor(points.at(-1)!.oneIn)}`,
  );
  return {
    file: "echo-percentiles.svg",
    alt: `Percentiles of the echo round trip from the schedule, all trials pooled: ${formatList(farthest)}.`,
    spec: {
      title: {
        text: titleLines("Round trip: the whole distribution, from the schedule"),
        subtitle: titleLines("all trials pooled, as far as the number of messages carries it; lower is better"),
      },
      width: plotWidth,
      height: 260,
      data: { values: points },
      mark: { type: "line", strokeWidth: 2.5, interpolate: "monotone" },
      encoding: {
        x: {
          field: "oneIn",
          type: "quantitative",
          scale: { type: "log", domain: [1, reach], nice: false },
          axis: {
            title: "percentile",
            values: [1, 2, 10, 100, 1000, 10_000, 100_000, 1_000_000].filter((mark) => mark <= reach),
            labelExpr: "datum.value === 1 ? 'min' : 'p' + format(100 - 100 / datum.value, '~r')",
            labelOverlap: false,
            labelFlush: false,
          },
        },
        y: {
          field: "us",
          type: "quantitative",
          scale: { type: "log", domain: [...scale.domain], nice: false },
          axis: delayAxis(scale, "delay, logarithmic"),
        },
        color: { field: "name", type: "nominal", scale: rowColours(rows), title: null, legend: legendBelow(rows) },
        strokeDash: {
          field: "name",
          type: "nominal",
          scale: { domain: rows.map(({ name }) => name), range: rows.map((row) => dashOf(row, rows)) },
          title: null,
          legend: legendBelow(rows),
        },
      },
    } as TopLevelSpec,
  };
}

function curveOf(row: TargetRow): Point[] {
  const cell = usable(row.cells.get("echo"));
  if (cell === undefined) return [];
  const encoded = completeTrials(cell).flatMap(({ windows }) => {
    const main = windows.at(-1);
    return (main && flowNamed(main, "roundTrip")?.histograms.scheduled) ?? [];
  });
  const histogram = sumHistograms(encoded);
  if (histogram === undefined) return [];
  const points: Point[] = [];
  for (let step = 0; ; step++) {
    const oneIn = 10 ** (step / pointsPerDecade);
    const percentile = 100 - 100 / oneIn;
    if (!carriesPercentile(histogram.totalCount, percentile)) return points;
    const ns = percentile === 0 ? histogram.minNonZeroValue : histogram.getValueAtPercentile(percentile);
    points.push({ name: row.name, oneIn: Number(oneIn.toPrecision(6)), us: ns / 1000 });
  }
}

/** Targets of the same protocol share its colour and differ in the line. */
function dashOf(row: TargetRow, rows: readonly TargetRow[]): number[] {
  const peers = rows.filter(({ info }) => info.protocol === row.info.protocol);
  return dashes[peers.indexOf(row) % dashes.length]!;
}

const legendBelow = (rows: readonly TargetRow[]) => ({
  orient: "bottom",
  columns: legendColumns(rows.map(({ name }) => name)),
  symbolStrokeWidth: 3,
  columnPadding: 24,
});
