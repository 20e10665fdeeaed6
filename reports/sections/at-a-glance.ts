import { measured } from "../../results/contract/cells.ts";
import type { MetricName } from "../../results/metrics/metrics.ts";
import { trialsForIntervalMin } from "../../results/statistics/intervals.ts";
import { blocks, escapeText } from "../text/markdown.ts";
import { type ReportView, referenceTitle } from "../view/view.ts";
import {
  metricColumn,
  ratioColumn,
  rowsOf,
  type Section,
  type TargetColumn,
  targetTable,
  textSection,
} from "./section.ts";

/** One row per target: first what a user notices, then what it costs. */
export function atAGlanceSection(view: ReportView): Section | undefined {
  const has = (scenario: string): boolean => rowsOf(view, scenario).length > 0;
  const column = (scenario: string, metric: MetricName, title: string): TargetColumn[] =>
    has(scenario) ? [metricColumn(scenario, metric, title)] : [];
  const ratio = (scenario: string, metric: MetricName): TargetColumn[] =>
    has(scenario) && view.reference
      ? [ratioColumn(view, scenario, metric, `× ${escapeText(referenceTitle(view))}`)]
      : [];
  const shown = ["echo", "throughput", "duplex", "idle"].filter(has);
  const rows = view.rows.filter(({ cells }) => shown.some((scenario) => cells.has(scenario)));
  if (rows.length === 0) return undefined;
  // Connections are opened alike in most experiments: once is enough.
  const connecting = shown.find((scenario) =>
    rows.some(({ cells }) => measured(cells.get(scenario))?.summary.connectP50Us !== undefined),
  );
  const speed = [
    ...column("echo", "scheduledP50Us", "Round trip p50"),
    ...ratio("echo", "scheduledP50Us"),
    ...column("echo", "scheduledP99Us", "Round trip p99"),
    ...column("throughput", "achievedRatePerSecond", "Throughput"),
    ...ratio("throughput", "achievedRatePerSecond"),
    ...column("duplex", "uplinkP50Us", "One way up p50"),
    ...column("duplex", "downlinkP50Us", "One way down p50"),
  ];
  const cost = [
    ...column("duplex", "uplinkInterferenceP50Ratio", "Interference up"),
    ...column("duplex", "downlinkInterferenceP50Ratio", "Interference down"),
    ...column("echo", "wireBytesPerMessage", "Wire bytes per round trip"),
    ...column("echo", "serverCpuUsPerMessage", "Server CPU per message"),
    ...column("idle", "memoryBytesPerConnection", "Memory per connection"),
    ...(connecting ? column(connecting, "connectP50Us", "Connect p50") : []),
  ];
  return textSection(
    blocks(
      "## All numbers at a glance",
      `Each value is the median of the trials${intervalsInWords(view)}. Round trips are counted from the schedule. \`≥\` and \`≤\` mark bounds, \`–\` what could not be determined, each with its reason below the table.`,
      speed.length > 0 ? targetTable(rows, speed) : undefined,
      cost.length > 0 ? targetTable(rows, cost) : undefined,
    ),
  );
}

const intervalsInWords = ({ trials }: ReportView): string =>
  trials < trialsForIntervalMin
    ? ""
    : ", with its 95 % confidence interval in brackets: if the run were repeated many times, 95 of 100 such intervals would contain the true value of this target on this machine";
