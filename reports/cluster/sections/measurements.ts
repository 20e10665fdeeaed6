/** What the arms of an experiment measured: a table per topic, its columns those the arms have. */

import { type ClusterMetric, type MetricTopic, topicTitles } from "../../../results/metrics/cluster-metrics.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import { left, right } from "../../text/table.ts";
import { metricsOf, middleOf, readArm } from "../../view/cluster-reading.ts";
import { type ArmView, type ExperimentView, usableArm } from "../../view/cluster-view.ts";
import { showReading } from "../../view/shown-reading.ts";
import { capitalised, notedTable } from "./section.ts";

export function measurementsOf(experiment: ExperimentView): string {
  const arms = experiment.arms.filter(({ cell }) => cell.state === "measured");
  const topics = Map.groupBy(metricsOf(experiment), ({ topic }) => topic);
  return blocks(
    ...(Object.keys(topicTitles) as MetricTopic[]).map((topic) => topicTable(topic, topics.get(topic) ?? [], arms)),
  );
}

/** Columns that are nothing but zeros are said in a sentence, unless one of them was predicted. */
function topicTable(
  topic: MetricTopic,
  metrics: readonly ClusterMetric[],
  arms: readonly ArmView[],
): string | undefined {
  const predicted = new Set(
    arms.flatMap((arm) => (usableArm(arm)?.predictions ?? []).map((prediction) => prediction.metric)),
  );
  const isSilent = ({ name, unit }: ClusterMetric): boolean =>
    unit === "count" &&
    !predicted.has(name) &&
    arms.every((arm) => (middleOf(arm, name) ?? 0) === 0 && highOf(arm, name) === 0);
  const columns = metrics.filter((metric) => !isSilent(metric));
  const silent = metrics.filter(isSilent);
  if (metrics.length === 0) return undefined;
  const zeros =
    silent.length === 0 ? undefined : `0 in every arm: ${silent.map(({ title }) => escapeText(title)).join(", ")}.`;
  const table =
    columns.length === 0
      ? undefined
      : notedTable((notes) => ({
          columns: [left("Arm"), ...columns.map(({ title }) => right(escapeText(capitalised(title))))],
          rows: arms.map((arm) => [
            escapeText(arm.name),
            ...columns.map(({ name, unit }) => showReading(readArm(arm, name), unit, notes, escapeText)),
          ]),
        }));
  return blocks(`**${topicTitles[topic]}**`, table, zeros);
}

function highOf(arm: ArmView, metric: string): number {
  const reading = readArm(arm, metric);
  return reading.kind === "value" ? reading.interval.high : 0;
}

/** What the columns of all experiments mean. */
export function meaningsOf(experiments: readonly ExperimentView[]): string {
  const metrics = new Map(experiments.flatMap(metricsOf).map((metric) => [metric.name, metric]));
  return bullets(
    [...metrics.values()].map(({ title, meaning }) => `**${escapeText(capitalised(title))}**: ${escapeText(meaning)}.`),
  );
}
