/** One experiment: its question, what was expected and measured, what it looks like, what to take away. */
import { metricNamed } from "../../../results/metrics/metrics.ts";
import { type Chart, showCharts } from "../../charts/chart.ts";
import { completenessChart } from "../../charts/completeness.ts";
import { connectionsChart } from "../../charts/connections.ts";
import { figureFile } from "../../charts/file-names.ts";
import { lossesChart } from "../../charts/losses.ts";
import { recipientsChart } from "../../charts/recipients.ts";
import { reconnectStormChart } from "../../charts/reconnect-storm.ts";
import { sequenceChart } from "../../charts/sequence.ts";
import { seriesCharts } from "../../charts/series.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import { expectedInWords, measuredInWords, verdictWords, whyUnusable } from "../../view/shown-estimate.ts";
import { type ExperimentView, hasFault, type PredictionView, type ReportView } from "../../view/view.ts";
import { capitalised, type Section } from "../section.ts";
import { measurementsOf } from "./measurements.ts";
import { setupOf } from "./setup.ts";

/** Courses of events shown at full size; those of more cells are linked. */
const sequencesShownMax = 4;

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
    hasFault(experiment) ? lossesChart(experiment, file) : completenessChart(experiment, file),
    recipientsChart(experiment, file),
    connectionsChart(experiment, file),
    reconnectStormChart(experiment, file),
    ...(replaces ? [] : seriesCharts(experiment, file)),
  ].filter((chart) => chart !== undefined);
  const sequences = hasFault(experiment) ? cells.flatMap((cell) => sequenceChart(experiment, cell, file) ?? []) : [];
  const markdown = blocks(
    `### ${escapeText(info.title)}`,
    info.question.trim() === "" ? undefined : `**Question.** ${escapeText(info.question)}`,
    setupOf(view, experiment),
    bullets([...Map.groupBy(predictions, sameExpectation).values()].map(describeAlike)),
    replaces ? undefined : measurementsOf(experiment),
    own?.markdown,
    showCharts([...figures, ...sequences.slice(0, sequencesShownMax)]),
    linksTo(sequences.slice(sequencesShownMax)),
    missing.length === 0 ? undefined : `Not measured:\n\n${bullets(missing)}`,
    (info.lesson ?? "").trim() === "" ? undefined : `**Take away.** ${escapeText(info.lesson!)}`,
  );
  return { markdown, charts: [...(own?.charts ?? []), ...figures, ...sequences] };
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

const linksTo = (charts: readonly Chart[]): string | undefined =>
  charts.length === 0
    ? undefined
    : `The sequence of events of the other cells: ${charts.map(({ file }) => `[${file}](${file})`).join(", ")}.`;
