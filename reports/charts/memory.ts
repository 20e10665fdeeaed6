import type { TopLevelSpec } from "vega-lite";
import { completeTrials, usable } from "../../results/contract/cells.ts";
import type { Interval } from "../../results/contract/results.ts";
import { formatInterval, formatList } from "../../results/quantities/format.ts";
import { memoryLine, memoryPoints } from "../../results/recording/memory.ts";
import { estimateOf } from "../../results/summary/estimate.ts";
import type { ReportView, TargetRow } from "../view/view.ts";
import type { Chart } from "./chart.ts";
import { rowColours } from "./colours.ts";

const bytesPerMebibyte = 2 ** 20;

interface Growth {
  readonly row: TargetRow;
  readonly slope: Interval;
  readonly readings: readonly { readonly name: string; readonly connections: number; readonly mebibytes: number }[];
}

/** What connections add to a server's memory: every reading of every trial, and the line of the median slope. */
export function memoryChart(view: ReportView): Chart | undefined {
  const growths = view.rows.flatMap((row) => growthOf(row) ?? []);
  if (growths.length === 0) return undefined;
  const rows = growths.map(({ row }) => row);
  const most = Math.max(...growths.flatMap(({ readings }) => readings.map(({ connections }) => connections)));
  const lines = growths.flatMap(({ row, slope }) =>
    [0, most].map((connections) => ({
      name: row.name,
      connections,
      mebibytes: (slope.value * connections) / bytesPerMebibyte,
    })),
  );
  const x = {
    field: "connections",
    type: "quantitative",
    scale: { domain: [0, most], nice: false },
    axis: { title: "open idle connections", tickCount: 6, labelFlush: false },
  };
  const y = {
    field: "mebibytes",
    type: "quantitative",
    axis: { title: "memory beyond that of no connections, MiB", tickCount: 6 },
  };
  const scale = rowColours(rows);
  const legend = { orient: "bottom", columns: 3, symbolType: "stroke", symbolStrokeWidth: 3 };
  return {
    file: "memory.svg",
    alt: `Server memory per idle connection: ${formatList(
      growths.map(({ row, slope }) => `${row.name} ${formatInterval(slope, "memory")}`),
    )}.`,
    spec: {
      title: {
        text: "Memory of the server by open connections",
        subtitle: "point: a reading of one trial; line: the median slope of the trials. Flatter is better.",
      },
      width: 620,
      height: 320,
      encoding: { x, y, color: { field: "name", type: "nominal", scale, title: null, legend } },
      layer: [
        { data: { values: lines }, mark: { type: "line", strokeWidth: 2.5 } },
        {
          data: { values: growths.flatMap(({ readings }) => readings) },
          mark: { type: "point", size: 40, filled: true, opacity: 0.6 },
        },
      ],
    } as unknown as TopLevelSpec,
  };
}

/** A server's memory before any connection differs from trial to trial and is not what connections need: it is taken off. */
function growthOf(row: TargetRow): Growth | undefined {
  const cell = usable(row.cells.get("idle"));
  const estimate = estimateOf(cell, "memoryBytesPerConnection");
  if (cell === undefined || estimate.kind !== "value") return undefined;
  const readings = completeTrials(cell).flatMap((trial) => {
    const line = memoryLine(trial);
    if (line === undefined) return [];
    return memoryPoints(trial).map(({ x, y }) => ({
      name: row.name,
      connections: x,
      mebibytes: (y - line.intercept) / bytesPerMebibyte,
    }));
  });
  return readings.length === 0 ? undefined : { row, slope: estimate.interval, readings };
}
