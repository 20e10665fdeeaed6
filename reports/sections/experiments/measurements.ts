/** What the cells of an experiment measured: a table per topic, its columns those the cells have. */
import { usable } from "../../../results/contract/cells.ts";
import { type MetricTopic, topicTitles } from "../../../results/metrics/metric.ts";
import type { Metric } from "../../../results/metrics/metrics.ts";
import { estimateOf } from "../../../results/summary/estimate.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import { left, right } from "../../text/table.ts";
import { metricsOf, showEstimate } from "../../view/shown-estimate.ts";
import type { CellView, ExperimentView } from "../../view/view.ts";
import { capitalised, cellsAre, notedTable } from "../section.ts";

export function measurementsOf(experiment: ExperimentView): string {
  const topics = Map.groupBy(metricsOf(experiment), ({ topic }) => topic);
  return blocks(
    ...(Object.keys(topicTitles) as MetricTopic[]).map((topic) => topicTable(experiment, topic, topics.get(topic))),
  );
}

/** Columns that are nothing but zeros are said in a sentence, unless one of them was predicted. */
function topicTable(
  experiment: ExperimentView,
  topic: MetricTopic,
  metrics: readonly Metric[] | undefined,
): string | undefined {
  if (metrics === undefined) return undefined;
  const cells = experiment.cells.filter(({ cell }) => cell.state === "measured");
  const predicted = new Set(cells.flatMap(({ cell }) => (usable(cell)?.predictions ?? []).map(({ metric }) => metric)));
  const isSilent = ({ name, unit }: Metric): boolean =>
    (unit === "count" || unit === "messages") &&
    !predicted.has(name) &&
    cells.every((cell) => (highOf(cell, name) ?? 0) === 0);
  const columns = metrics.filter((metric) => !isSilent(metric));
  const silent = metrics.filter(isSilent);
  const zeros =
    silent.length === 0 ? undefined : `0 in every cell: ${silent.map(({ title }) => escapeText(title)).join(", ")}.`;
  const table =
    columns.length === 0
      ? undefined
      : notedTable((notes) => ({
          columns: [left(cellsAre(experiment)), ...columns.map(({ title }) => right(escapeText(capitalised(title))))],
          rows: cells.map(({ cell, name: cellName }) => [
            escapeText(cellName),
            ...columns.map(({ name, unit }) => showEstimate(estimateOf(cell, name), unit, notes, escapeText)),
          ]),
        }));
  return blocks(`**${topicTitles[topic]}**`, table, zeros);
}

const highOf = ({ cell }: CellView, metric: Metric["name"]): number | undefined => usable(cell)?.summary[metric]?.high;

/** What the columns of the experiments' tables mean. */
export function meaningsOf(experiments: readonly ExperimentView[]): string {
  const metrics = new Map(experiments.flatMap(metricsOf).map((metric) => [metric.name, metric]));
  const alike = Map.groupBy(metrics.values(), ({ meaning }) => meaning);
  return bullets(
    [...alike].map(([meaning, own]) => {
      const titles = own.map(({ title }) => escapeText(title)).join(", ");
      return `**${capitalised(titles)}**: ${escapeText(meaning)}.`;
    }),
  );
}
