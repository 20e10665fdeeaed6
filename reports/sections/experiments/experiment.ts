/** One experiment: its question, what was expected and measured, what it looks like, what to take away. */
import { metricNamed } from "../../../results/metrics/metrics.ts";
import { showCharts } from "../../charts/chart.ts";
import { completenessChart } from "../../charts/completeness.ts";
import { connectionsChart } from "../../charts/connections.ts";
import { figureFile } from "../../charts/file-names.ts";
import { recipientsChart } from "../../charts/recipients.ts";
import { reconnectStormChart } from "../../charts/reconnect-storm.ts";
import { sequenceChart } from "../../charts/sequence.ts";
import { seriesCharts } from "../../charts/series.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import {
  expectedInWords,
  measuredInWords,
  middleOf,
  tallyOf,
  verdictWords,
  whyUnusable,
} from "../../view/shown-estimate.ts";
import { type CellView, type ExperimentView, hasFault, type PredictionView, type ReportView } from "../../view/view.ts";
import { capitalised, type Section } from "../section.ts";
import { measurementsOf } from "./measurements.ts";
import { setupOf } from "./setup.ts";

/** What the experiment adds itself. */
export interface Own {
  readonly section: Section | undefined;
  /** In place of the generic tables and of the line charts of its series. */
  readonly replaces: boolean;
}

/** `files` holds the names figures have taken, and takes those of this experiment. */
export function experimentSection(
  view: ReportView,
  experiment: ExperimentView,
  { section: own, replaces }: Own,
  files: Set<string>,
): Section {
  const { info, cells } = experiment;
  const predictions = view.predictions.filter((prediction) => prediction.experiment === experiment);
  const missing = cells.flatMap((cell) =>
    cell.cell.state === "measured" ? [] : [`**${escapeText(cell.name)}**: ${escapeText(whyUnusable(cell)!)}`],
  );
  const file = (...words: string[]): string => figureFile(files, info.name, ...words);
  const figures = [
    // Where something breaks, what was lost is in the table, and the course of events says more.
    ...(hasFault(experiment) ? [] : [completenessChart(experiment, file), recipientsChart(experiment, file)]),
    connectionsChart(experiment, file),
    reconnectStormChart(experiment, file),
    ...(replaces ? [] : seriesCharts(experiment, file)),
  ].filter((chart) => chart !== undefined);
  const sequences = tellingCells(experiment, predictions).flatMap(
    (cell) => sequenceChart(experiment, cell, file) ?? [],
  );
  const markdown = blocks(
    `### ${escapeText(info.title)}`,
    info.question.trim() === "" ? undefined : escapeText(info.question),
    setupOf(view, experiment),
    predictionsOf(predictions),
    replaces ? undefined : measurementsOf(experiment),
    own?.markdown,
    showCharts([...figures, ...sequences]),
    missing.length === 0 ? undefined : `Not measured:\n\n${bullets(missing)}`,
    (info.lesson ?? "").trim() === "" ? undefined : `**Take away.** ${escapeText(info.lesson!)}`,
  );
  return { markdown, charts: [...(own?.charts ?? []), ...figures, ...sequences] };
}

const sequencesMax = 3;

/**
 * Whose course of events is shown: of cells in which something was broken, those that did what was not expected; where
 * all did, the one that lost most stands for the others. Where nothing was lost, numbers say it all.
 */
function tellingCells(experiment: ExperimentView, predictions: readonly PredictionView[]): CellView[] {
  if (!hasFault(experiment)) return [];
  const missed = predictions.filter(({ verdict }) => verdict === "failed" || verdict === "cannot-tell");
  const unexpected = [...new Set(missed.map(({ cell }) => cell))];
  if (unexpected.length > 0) return unexpected.slice(0, sequencesMax);
  const losses = (cell: CellView): number => middleOf(cell, "missingDeliveries") ?? 0;
  const [most] = [...experiment.cells].sort((a, b) => losses(b) - losses(a));
  return most !== undefined && losses(most) > 0 ? [most] : [];
}

/** What held is folded: it is what anybody would expect who has read this far. */
function predictionsOf(predictions: readonly PredictionView[]): string | undefined {
  if (predictions.length === 0) return undefined;
  const alike = [...Map.groupBy(predictions, sameExpectation).values()];
  const open = alike.filter((own) => own.some(({ verdict }) => verdict !== "held"));
  const held = alike.filter((own) => !open.includes(own));
  const tally = capitalised(tallyOf(predictions));
  if (held.length === 0) return blocks(`${tally}:`, bullets(open.map(describeAlike)));
  return blocks(
    bullets(open.map(describeAlike)),
    `<details>\n<summary>${tally}</summary>`,
    bullets([...new Set(held.map(describeHeld))]),
    "</details>",
  );
}

/** An exact number is in the statement, and in the tables; of a range both are said: `(99 % back at least 2.50 s): 5.17 s`. */
function describeHeld(alike: readonly PredictionView[]): string {
  const { statement, metric, expected } = alike[0]!.prediction;
  const { title, unit } = metricNamed(metric);
  const said = escapeText(capitalised(statement.trim().replace(/\.$/, "")));
  if (expected.low === expected.high) return `${said}.`;
  const outcomes = [...new Set(alike.map(measuredInWords))];
  return `${said} (${escapeText(title)} ${expectedInWords(expected, unit)}): ${outcomes.join(", ")}.`;
}

/**
 * One line for what several cells have in common: `The cookie brings everybody back. Expected: found 100 %, since found
 * / returns = 1. Measured: 100 %, held (sticky; SSE, sticky).`
 */
function describeAlike(alike: readonly PredictionView[]): string {
  const { statement, formula, metric, expected, claim } = alike[0]!.prediction;
  const { title, unit } = metricNamed(metric);
  const said = escapeText(capitalised(statement.trim().replace(/\.$/, "")));
  const taught = claim === undefined ? "" : ` (claim ${escapeText(claim)})`;
  const outcomes = [...Map.groupBy(alike, (found) => `${measuredInWords(found)}, ${showVerdict(found)}`)].map(
    ([outcome, found]) => `${outcome} (${found.map(({ cell }) => escapeText(cell.name)).join("; ")})`,
  );
  return `**${said}**${taught}. Expected: ${escapeText(title)} ${expectedInWords(expected, unit)}, since ${escapeText(formula)}. Measured: ${outcomes.join(", ")}.`;
}

/** What did not hold stands out. */
const showVerdict = ({ verdict, prediction: { because } }: PredictionView): string => {
  if (verdict === "cannot-tell") return `${verdictWords[verdict]}: ${escapeText(because ?? "")}`;
  return verdict === "failed" ? `**${verdictWords.failed}**` : verdictWords[verdict];
};

const sameExpectation = ({ prediction: { statement, formula, metric, expected } }: PredictionView): string =>
  JSON.stringify([statement, formula, metric, expected]);
