/** The comparison as a terminal shows it: one table, then what needs a word. */

import type { Cell, Results, ScenarioName } from "../../results/contract/results.ts";
import { metricNamed } from "../../results/metrics/metrics.ts";
import { formatDuration, formatQuantity, plural } from "../../results/quantities/format.ts";
import { readMetric, signOf } from "../../results/summary/reading.ts";
import { oneLine } from "../text/markdown.ts";
import { left, renderPlainTable, right } from "../text/table.ts";
import { trialsToRankMin } from "../view/ranking.ts";
import { comparisonOf } from "../view/shown-reading.ts";
import { type ReportView, referenceTitle, type TargetRow, viewOf } from "../view/view.ts";

interface Figure {
  readonly title: string;
  readonly scenario: ScenarioName;
  readonly show: (row: TargetRow, view: ReportView) => string;
}

const value = (title: string, scenario: ScenarioName, metric: string): Figure => ({
  title,
  scenario,
  show(row) {
    const reading = readMetric(row.cells.get(scenario), metric);
    if (reading.kind !== "value") return reading.kind === "invalid" ? "invalid" : "–";
    return signOf(reading.bound).trim() + formatQuantity(reading.interval.value, metricNamed(metric).unit);
  },
});

const ratio = (scenario: ScenarioName, metric: string): Figure => ({
  title: "×",
  scenario,
  show(row, view) {
    if (row === view.reference) return readMetric(row.cells.get(scenario), metric).kind === "value" ? "1" : "–";
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

/** At most 110 columns wide for the built-in protocols. */
export function renderSummary(results: Results): string {
  const view = viewOf(results);
  const shown = figures.filter(
    (figure) => view.scenarios.includes(figure.scenario) && (figure.title !== "×" || view.reference !== undefined),
  );
  const table = renderPlainTable({
    columns: [left("target"), ...shown.map(({ title }) => right(title))],
    rows: view.rows.map((row) => [shortName(row), ...shown.map(({ show }) => show(row, view))]),
  });
  const remarks = view.rows.flatMap((row) => [...row.cells.values()].flatMap((cell) => remarkOf(row, cell)));
  const parts = [...(view.rows.length > 0 ? [table, legend(view)] : []), ...remarks];
  if (results.interrupted)
    parts.unshift("Interrupted: what follows was measured in full trials, the rest was not run.\n");
  return parts.join("\n");
}

/** `Short polling (100 ms)`. */
function shortName({ info, target, name, cells }: TargetRow): string {
  const { pollIntervalMs } = [...cells.values()][0]!.parameters;
  if (pollIntervalMs === undefined) return name;
  return `${info?.name === target ? info.title : oneLine(target)} (${formatDuration(pollIntervalMs)})`;
}

function legend(view: ReportView): string {
  const meanings = [
    ...(view.scenarios.includes("echo") ? ["p50, p99: round trip from the schedule"] : []),
    ...(view.scenarios.includes("throughput") ? ["rate: closed loop"] : []),
    ...(view.scenarios.includes("duplex") ? ["up, down: one way, both busy"] : []),
    ...(view.scenarios.includes("idle") ? ["memory: per idle connection"] : []),
    ...(view.reference ? [`×: ${referenceTitle(view)}`] : []),
    trialsInWords(view.trials),
  ];
  return `\n${meanings.join("; ")}\n`;
}

function trialsInWords(trials: number): string {
  if (trials === 1) return "one trial: no spread";
  const few = trials < trialsToRankMin ? ", too few to tell a difference from luck" : "";
  return `medians of ${plural(trials, "trial")}${few}`;
}

function remarkOf(row: TargetRow, cell: Cell): string[] {
  const prefix = `${shortName(row)}, ${cell.scenario}`;
  if (cell.state !== "measured") return [`${prefix}: ${cell.state}: ${oneLine(cell.reason)}`];
  const { verdict, flags } = cell.validity;
  if (verdict !== "invalid") return [];
  const fatal = flags.filter(({ severity }) => severity === "fatal").map(({ message }) => oneLine(message));
  return [`${prefix}: invalid: ${fatal.join("; ")}`];
}
