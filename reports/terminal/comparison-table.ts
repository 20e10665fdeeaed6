/** The targets of a run side by side. */
import { type MetricName, metricNamed } from "../../results/metrics/metrics.ts";
import { formatQuantity, plural } from "../../results/quantities/format.ts";
import { trialsForIntervalMin } from "../../results/statistics/intervals.ts";
import { estimateOf, signOf } from "../../results/summary/estimate.ts";
import { left, renderPlainTable, right } from "../text/table.ts";
import { comparisonOf } from "../view/shown-estimate.ts";
import { type ReportView, referenceTitle, type TargetRow } from "../view/view.ts";

interface Figure {
  readonly title: string;
  readonly scenario: string;
  readonly show: (row: TargetRow, view: ReportView) => string;
}

const value = (title: string, scenario: string, metric: MetricName): Figure => ({
  title,
  scenario,
  show(row) {
    const estimate = estimateOf(row.cells.get(scenario), metric);
    if (estimate.kind !== "value") return estimate.kind === "invalid" ? "invalid" : "–";
    return signOf(estimate.bound).trim() + formatQuantity(estimate.interval.value, metricNamed(metric).unit);
  },
});

const ratio = (scenario: string, metric: MetricName): Figure => ({
  title: "×",
  scenario,
  show(row, view) {
    if (row === view.reference) return estimateOf(row.cells.get(scenario), metric).kind === "value" ? "1" : "–";
    const comparison = comparisonOf(view, row, scenario, metric);
    if (comparison === undefined) return "–";
    return signOf(comparison.bound).trim() + formatQuantity(comparison.ratio.value, "ratio").replace("×", "");
  },
});

const figures: readonly Figure[] = [
  value("p50", "echo", "scheduledP50Us"),
  ratio("echo", "scheduledP50Us"),
  value("p99", "echo", "scheduledP99Us"),
  value("rate", "throughput", "achievedRatePerSecond"),
  value("up p50", "duplex", "uplinkP50Us"),
  value("down p50", "duplex", "downlinkP50Us"),
  value("bytes", "echo", "wireBytesPerMessage"),
  value("CPU", "echo", "serverCpuUsPerMessage"),
  value("memory", "idle", "memoryBytesPerConnection"),
  value("connect", "echo", "connectP50Us"),
];

/** Those that have a column. */
export const comparedExperiments: ReadonlySet<string> = new Set(figures.map(({ scenario }) => scenario));

/** Table and legend, or nothing where no target has a cell for a column. */
export function comparisonTable(view: ReportView): string[] {
  const has = (scenario: string): boolean => view.rows.some(({ cells }) => cells.has(scenario));
  const shown = figures.filter(
    (figure) => has(figure.scenario) && (figure.title !== "×" || view.reference !== undefined),
  );
  if (shown.length === 0) return [];
  const table = renderPlainTable({
    columns: [left("target"), ...shown.map(({ title }) => right(title))],
    rows: view.rows
      .filter(({ cells }) => shown.some(({ scenario }) => cells.has(scenario)))
      .map((row) => [row.name, ...shown.map(({ show }) => show(row, view))]),
  });
  return [table, legend(view, has)];
}

function legend(view: ReportView, has: (scenario: string) => boolean): string {
  const meanings = [
    ...(has("echo") ? ["p50, p99: round trip from the schedule"] : []),
    ...(has("throughput") ? ["rate: closed loop"] : []),
    ...(has("duplex") ? ["up, down: one way, both busy"] : []),
    ...(has("idle") ? ["memory: per idle connection"] : []),
    ...(view.reference ? [`×: ${referenceTitle(view)}`] : []),
    trialsInWords(view.trials),
  ];
  return `\n${meanings.join("; ")}\n`;
}

function trialsInWords(trials: number): string {
  if (trials === 1) return "one trial: no spread";
  const few = trials < trialsForIntervalMin ? ", too few to tell a statistically significant difference" : "";
  return `medians of ${plural(trials, "trial")}${few}`;
}
