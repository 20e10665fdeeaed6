/** What the cells of an experiment measured: a table of what sets them apart, and a line of what does not. */
import { usable } from "../../../results/contract/cells.ts";
import type { MetricTopic } from "../../../results/metrics/metric.ts";
import type { Metric } from "../../../results/metrics/metrics.ts";
import { formatList } from "../../../results/quantities/format.ts";
import { estimateOf } from "../../../results/summary/estimate.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import { Notes } from "../../text/notes.ts";
import { left, right } from "../../text/table.ts";
import { metricsOf, showEstimate } from "../../view/shown-estimate.ts";
import { type CellView, type ExperimentView, hasFault } from "../../view/view.ts";
import { capitalised, cellsAre, notedTable } from "../section.ts";
import { isDetail } from "./details.ts";

/**
 * What one cell alone has is a line of that cell. What is nothing everywhere is named last, once, if somebody predicted
 * it: the rest of what did not happen is in results.json.
 */
export function measurementsOf(experiment: ExperimentView): string {
  const cells = measuredIn(experiment);
  const { columns, alike, lonely } = sortedOut(experiment);
  const nothing = alike.filter((metric) => isNothing(metric, cells));
  const shared = alike.filter((metric) => !nothing.includes(metric));
  const predicted = predictedIn(experiment);
  const silent = nothing.filter(({ name }) => predicted.has(name));
  const lines = [
    ...shared.map((metric) => `${escapeText(metric.title)} ${wordsIn(cells[0]!, metric)}`),
    ...(silent.length === 0 ? [] : [`0 ${silent.map(({ title }) => escapeText(title)).join(", ")}`]),
  ];
  const label = cells.length === 1 ? "Measured" : `Alike in ${columns.length > 0 ? "all cells" : namesOf(cells)}`;
  return blocks(
    columns.length === 0
      ? undefined
      : notedTable((notes) => ({
          columns: [left(cellsAre(experiment)), ...columns.map(({ title }) => right(escapeText(capitalised(title))))],
          rows: cells.map((view) => [
            escapeText(view.name),
            ...columns.map(({ name, unit }) => showEstimate(estimateOf(view.cell, name), unit, notes, escapeText)),
          ]),
        })),
    ...[...Map.groupBy(lonely, (metric) => cells.find((cell) => hasSome(metric, cell, cells.length > 2))!)].map(
      ([cell, own]) =>
        `Only ${escapeText(cell.name)}: ${own.map((metric) => `${escapeText(metric.title)} ${wordsIn(cell, metric)}`).join("; ")}.`,
    ),
    lines.length === 0 ? undefined : `${label}: ${lines.join("; ")}.`,
  );
}

const namesMax = 8;

/** Cells that no table names. */
const namesOf = (cells: readonly CellView[]): string =>
  cells.length > namesMax ? `all ${cells.length} cells` : formatList(cells.map(({ name }) => escapeText(name)));

interface SortedOut {
  /** What sets the cells apart. */
  readonly columns: readonly Metric[];
  /** The same in all of them. */
  readonly alike: readonly Metric[];
  /** Measured in one of several. */
  readonly lonely: readonly Metric[];
}

function sortedOut(experiment: ExperimentView): SortedOut {
  const cells = measuredIn(experiment);
  const metrics = shownMetrics(experiment);
  const alike = metrics.filter((metric) => isAlike(metric, cells));
  const lonely = metrics.filter((metric) => isLonely(metric, cells));
  return { columns: metrics.filter((metric) => !alike.includes(metric) && !lonely.includes(metric)), alike, lonely };
}

const measuredIn = ({ cells }: ExperimentView): CellView[] => cells.filter(({ cell }) => cell.state === "measured");

const predictedIn = ({ cells }: ExperimentView): ReadonlySet<string> =>
  new Set(cells.flatMap(({ cell }) => (usable(cell)?.predictions ?? []).map(({ metric }) => metric)));

/** Where something breaks, how fast it was before and after is not what it is about; nor is a delay in a closed loop. */
const speedTopics: ReadonlySet<MetricTopic> = new Set(["delay", "fanOut", "rate"]);

/** Every metric the cells have but for details that nobody predicted. */
function shownMetrics(experiment: ExperimentView): Metric[] {
  const predicted = predictedIn(experiment);
  const isBroken = hasFault(experiment);
  const isClosed = experiment.cells.every(({ cell }) => cell.parameters.load?.kind === "closed");
  const isAside = ({ topic }: Metric): boolean => (isBroken || isClosed) && speedTopics.has(topic);
  return metricsOf(experiment).filter((metric) => predicted.has(metric.name) || !(isDetail(metric) || isAside(metric)));
}

/** A value without a remark, the same in every cell. */
function isAlike(metric: Metric, cells: readonly CellView[]): boolean {
  const texts = new Set(cells.map((cell) => wordsIn(cell, metric)));
  const [text] = texts;
  return texts.size === 1 && text !== undefined;
}

/** A value of one cell that the others, whose numbers may be used all the same, have not, or, where they are several, have nothing of. */
const isLonely = (metric: Metric, cells: readonly CellView[]): boolean =>
  cells.length > 1 &&
  cells.every(({ cell }) => usable(cell) !== undefined) &&
  cells.filter((cell) => hasSome(metric, cell, cells.length > 2)).length === 1 &&
  cells.some((cell) => hasSome(metric, cell, cells.length > 2) && wordsIn(cell, metric) !== undefined);

const hasSome = (metric: Metric, cell: CellView, besidesNothing: boolean): boolean =>
  estimateOf(cell.cell, metric.name).kind !== "absent" && !(besidesNothing && isNothing(metric, [cell]));

/** Undefined where there is something to remark. */
function wordsIn({ cell }: CellView, { name, unit }: Metric): string | undefined {
  const estimate = estimateOf(cell, name);
  if (estimate.kind !== "value" || estimate.bound !== undefined) return undefined;
  return showEstimate(estimate, unit, new Notes(), escapeText);
}

const isNothing = ({ name, unit }: Metric, cells: readonly CellView[]): boolean =>
  (unit === "count" || unit === "messages") && cells.every(({ cell }) => usable(cell)?.summary[name]?.high === 0);

/** Their titles say what they are. */
const plainTopics: ReadonlySet<MetricTopic> = new Set(["state", "spread", "cost", "generator", "machine"]);

/** What the columns of the experiments' tables mean. */
export function meaningsOf(experiments: readonly ExperimentView[]): string {
  const metrics = new Map(
    experiments.flatMap((experiment) => sortedOut(experiment).columns.map((metric) => [metric.name, metric] as const)),
  );
  const told = [...metrics.values()].filter(({ topic }) => !plainTopics.has(topic));
  const alike = Map.groupBy(told, ({ meaning }) => meaning);
  return bullets(
    [...alike].map(([meaning, own]) => {
      const titles = own.map(({ title }) => escapeText(title)).join(", ");
      return `**${capitalised(titles)}**: ${escapeText(meaning)}.`;
    }),
  );
}
