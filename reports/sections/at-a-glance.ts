import type { ScenarioName } from "../../results/contract/results.ts";
import { blocks, escapeText } from "../text/markdown.ts";
import { trialsToRankMin } from "../view/ranking.ts";
import { type ReportView, referenceTitle } from "../view/view.ts";
import { metricColumn, ratioColumn, type Section, type TargetColumn, targetTable, textSection } from "./section.ts";

/** One row per target: first what a user feels, then what it costs. */
export function atAGlanceSection(view: ReportView): Section {
  const has = (scenario: ScenarioName): boolean => view.scenarios.includes(scenario);
  const ratio = (scenario: ScenarioName, metric: string): TargetColumn[] =>
    view.reference ? [ratioColumn(view, scenario, metric, `× ${escapeText(referenceTitle(view))}`)] : [];

  const speed: TargetColumn[] = [
    ...(has("echo")
      ? [
          metricColumn("echo", "scheduledP50Us", "Round trip p50"),
          ...ratio("echo", "scheduledP50Us"),
          metricColumn("echo", "scheduledP99Us", "Round trip p99"),
        ]
      : []),
    ...(has("throughput")
      ? [
          metricColumn("throughput", "achievedRatePerSecond", "Throughput"),
          ...ratio("throughput", "achievedRatePerSecond"),
        ]
      : []),
    ...(has("duplex")
      ? [
          metricColumn("duplex", "uplinkP50Us", "One way up p50"),
          metricColumn("duplex", "downlinkP50Us", "One way down p50"),
        ]
      : []),
  ];
  // Idle users connect side by side, so nobody times that.
  const connectScenario = view.scenarios.find((scenario) => scenario !== "idle");
  const cost: TargetColumn[] = [
    ...(has("duplex")
      ? [
          metricColumn("duplex", "uplinkInterferenceP50Ratio", "Interference up"),
          metricColumn("duplex", "downlinkInterferenceP50Ratio", "Interference down"),
        ]
      : []),
    ...(has("echo")
      ? [
          metricColumn("echo", "wireBytesPerMessage", "Wire bytes per round trip"),
          metricColumn("echo", "serverCpuUsPerMessage", "Server CPU per message"),
        ]
      : []),
    ...(has("idle") ? [metricColumn("idle", "memoryBytesPerConnection", "Memory per connection")] : []),
    ...(connectScenario ? [metricColumn(connectScenario, "connectP50Us", "Connect p50")] : []),
  ];
  return textSection(
    blocks(
      "## At a glance",
      `Each value is the median of the trials${intervalsInWords(view)}. Round trips are counted from the schedule. \`≥\` and \`≤\` mark bounds, \`–\` what cannot be told, each with its reason below the table.`,
      speed.length > 0 ? targetTable(view.rows, speed) : undefined,
      cost.length > 0 ? targetTable(view.rows, cost) : undefined,
    ),
  );
}

const intervalsInWords = ({ trials }: ReportView): string =>
  trials < trialsToRankMin
    ? ""
    : ", with its 95 % interval in brackets: were the run repeated many times, 95 of 100 such brackets would hold the true value of this target on this machine";
