/** What the cells of an experiment measured: a table of what sets them apart, and a line of what does not. */
import { usable } from "../../../results/contract/cells.ts";
import type { MetricTopic } from "../../../results/metrics/metric.ts";
import type { Metric } from "../../../results/metrics/metrics.ts";
import { formatList, plural } from "../../../results/quantities/format.ts";
import { estimateOf } from "../../../results/summary/estimate.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import { Notes } from "../../text/notes.ts";
import { left, right } from "../../text/table.ts";
import { decidingIn } from "../../view/deciding.ts";
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
  const { leading, others } = leadingOf(columns, experiment, predicted);
  return blocks(
    leading.length === 0 ? undefined : tableOf(leading, experiment),
    foldedByTheme(others, experiment),
    ...[...Map.groupBy(lonely, (metric) => cells.find((cell) => hasSome(metric, cell, cells.length > 2))!)].map(
      ([cell, own]) =>
        `Only ${escapeText(cell.name)}: ${own.map((metric) => `${escapeText(metric.title)} ${wordsIn(cell, metric)}`).join("; ")}.`,
    ),
    lines.length === 0 ? undefined : `${label}: ${lines.join("; ")}.`,
  );
}

function tableOf(columns: readonly Metric[], experiment: ExperimentView): string {
  return notedTable((notes) => ({
    columns: [left(cellsAre(experiment)), ...columns.map(({ title }) => right(escapeText(capitalised(title))))],
    rows: measuredIn(experiment).map((view) => [
      escapeText(view.name),
      ...columns.map(({ name, unit }) => showEstimate(estimateOf(view.cell, name), unit, notes, escapeText)),
    ]),
  }));
}

/** Of numbers, beside the name of a cell: what a page shows without being pushed to the side. */
const columnsMax = 8;

/** Where one table cannot hold them, what decides; where nobody has said what that is, what was predicted before the rest. */
function leadingOf(
  columns: readonly Metric[],
  { info }: ExperimentView,
  predicted: ReadonlySet<string>,
): { readonly leading: readonly Metric[]; readonly others: readonly Metric[] } {
  if (columns.length <= columnsMax) return { leading: columns, others: [] };
  const decides =
    decidingIn(info.name)?.columns.flatMap(({ metric }) => (columns.includes(metric) ? metric : [])) ?? [];
  const isTold = ({ name, headline }: Metric): boolean => predicted.has(name) || headline === true;
  const first = new Set([...columns.filter(isTold), ...columns].slice(0, columnsMax));
  const leading = decides.length > 0 ? decides.slice(0, columnsMax) : columns.filter((metric) => first.has(metric));
  return { leading, others: columns.filter((metric) => !leading.includes(metric)) };
}

type Theme =
  | "Timing"
  | "Delivery and loss"
  | "State and spread"
  | "Cost"
  | "On the wire"
  | "Load generator and machine";

const themeOfTopic: Readonly<Record<MetricTopic, Theme>> = {
  delay: "Timing",
  rate: "Timing",
  fanOut: "Timing",
  recovery: "Timing",
  delivery: "Delivery and loss",
  loss: "Delivery and loss",
  security: "Delivery and loss",
  state: "State and spread",
  spread: "State and spread",
  cost: "Cost",
  generator: "Load generator and machine",
  machine: "Load generator and machine",
};

const themeOf = ({ topic, unit }: Metric): Theme =>
  topic === "cost" && unit === "bytes" ? "On the wire" : themeOfTopic[topic];

/** All that does not decide: tables by what they are about, none wider than the first. */
function foldedByTheme(columns: readonly Metric[], experiment: ExperimentView): string | undefined {
  if (columns.length === 0) return undefined;
  const themes = [...Map.groupBy(columns, themeOf)];
  const words = formatList(themes.map(([theme], index) => (index === 0 ? theme : theme.toLowerCase())));
  return blocks(
    `<details>\n<summary>${words}: ${plural(columns.length, "more number")}</summary>`,
    ...themes.map(([theme, own]) =>
      blocks(`**${theme}**`, ...inPieces(own).map((piece) => tableOf(piece, experiment))),
    ),
    "</details>",
  );
}

/** As many of about one size as it takes. */
function inPieces(columns: readonly Metric[]): (readonly Metric[])[] {
  const size = Math.ceil(columns.length / Math.ceil(columns.length / columnsMax));
  return Array.from({ length: Math.ceil(columns.length / size) }, (_, piece) =>
    columns.slice(piece * size, (piece + 1) * size),
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

/** Every metric the cells have but for details that nobody predicted and that decide nothing. */
function shownMetrics(experiment: ExperimentView): Metric[] {
  const predicted = predictedIn(experiment);
  const isBroken = hasFault(experiment);
  const isClosed = experiment.cells.every(({ cell }) => cell.parameters.load?.kind === "closed");
  const isAside = ({ topic }: Metric): boolean => (isBroken || isClosed) && speedTopics.has(topic);
  const deciding = new Set(decidingIn(experiment.info.name)?.columns.map(({ metric }) => metric.name));
  return metricsOf(experiment).filter(
    (metric) => predicted.has(metric.name) || deciding.has(metric.name) || !(isDetail(metric) || isAside(metric)),
  );
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
