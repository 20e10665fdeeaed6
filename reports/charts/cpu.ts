import type { TopLevelSpec } from "vega-lite";
import type { MetricName } from "../../results/metrics/metrics.ts";
import { formatInterval, formatQuantity } from "../../results/quantities/format.ts";
import { estimateOf } from "../../results/summary/estimate.ts";
import type { ReportView } from "../view/view.ts";
import type { Chart } from "./chart.ts";
import { firstColour, secondColour, thirdColour } from "./colours.ts";
import { figureWidth, rowAxis } from "./rows.ts";

const uses: readonly { title: string; scenario: string; metric: MetricName; colour: string }[] = [
  { title: "server, echo", scenario: "echo", metric: "serverCpuUsPerMessage", colour: firstColour },
  { title: "server, throughput", scenario: "throughput", metric: "serverCpuUsPerMessage", colour: thirdColour },
  { title: "client, throughput", scenario: "throughput", metric: "generatorCpuUsPerMessage", colour: secondColour },
];

/** CPU time per message of both sides, where it is known. */
export function cpuChart(view: ReportView): Chart | undefined {
  const data = view.rows.flatMap((row) =>
    uses.flatMap(({ title, scenario, metric }) => {
      const estimate = estimateOf(row.cells.get(scenario), metric);
      if (estimate.kind !== "value") return [];
      return [{ name: row.name, use: title, ...estimate.interval, text: formatInterval(estimate.interval, "us") }];
    }),
  );
  if (data.length === 0) return undefined;
  const rows = view.rows.filter(({ name }) => data.some((point) => point.name === name));
  const shown = uses.filter(({ title }) => data.some(({ use }) => use === title));
  return {
    file: "cpu.svg",
    alt: `CPU time per message: ${data
      .map(({ name, use, value }) => `${name} ${use} ${formatQuantity(value, "us")}`)
      .join("; ")}.`,
    spec: {
      title: {
        text: "CPU time per message",
        subtitle: "line: 95 % interval. Lower is better.",
      },
      width: figureWidth,
      height: { step: 20 },
      data: { values: data },
      encoding: {
        y: rowAxis(rows),
        yOffset: { field: "use", type: "nominal", sort: shown.map(({ title }) => title), scale: { paddingOuter: 0.2 } },
      },
      layer: [
        {
          mark: { type: "bar" },
          encoding: {
            x: {
              field: "value",
              type: "quantitative",
              axis: { title: "CPU time per message, µs (lower is better)", tickCount: 6, labelFlush: false },
            },
            color: {
              field: "use",
              type: "nominal",
              title: null,
              scale: { domain: shown.map(({ title }) => title), range: shown.map(({ colour }) => colour) },
              legend: { orient: "bottom" },
            },
          },
        },
        {
          mark: { type: "rule", strokeWidth: 2 },
          encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" } },
        },
        {
          mark: { type: "text", align: "left", dx: 14 },
          encoding: { x: { value: figureWidth }, text: { field: "text" } },
        },
      ],
    } as unknown as TopLevelSpec,
  };
}
