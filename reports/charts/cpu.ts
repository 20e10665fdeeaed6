import type { ReportView } from "../view/view.ts";
import type { Chart } from "./chart.ts";
import { targetBarsChart } from "./target-bars.ts";

/** At the rate all targets are offered, or without that experiment at the highest each carries. */
export const cpuChart = (view: ReportView): Chart | undefined =>
  ["echo", "throughput"]
    .map((scenario) =>
      targetBarsChart(view, {
        file: "cpu.svg",
        scenario,
        metric: "serverCpuUsPerMessage",
        title: `CPU time of the server per message, ${scenario}`,
        axis: "microseconds per message",
      }),
    )
    .find((chart) => chart !== undefined);
