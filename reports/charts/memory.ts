import type { ReportView } from "../view/view.ts";
import type { Chart } from "./chart.ts";
import { targetBarsChart } from "./target-bars.ts";

export const memoryChart = (view: ReportView): Chart | undefined =>
  targetBarsChart(view, {
    file: "memory.svg",
    scenario: "idle",
    metric: "memoryBytesPerConnection",
    title: "Memory of the server per idle connection",
    axis: "KiB per connection",
    scaledBy: 2 ** 10,
  });
