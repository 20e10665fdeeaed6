import type { ReportView } from "../view/view.ts";
import type { Chart } from "./chart.ts";
import { targetBarsChart } from "./target-bars.ts";

export const throughputChart = (view: ReportView): Chart | undefined =>
  targetBarsChart(view, {
    file: "throughput.svg",
    scenario: "throughput",
    metric: "achievedRatePerSecond",
    title: "Round trips per second, closed loop",
    axis: "round trips per second",
  });
