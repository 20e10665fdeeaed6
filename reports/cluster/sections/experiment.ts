/** One experiment: its question, what was expected and measured, what it looks like, what to take away. */

import { clusterMetricNamed } from "../../../results/metrics/cluster-metrics.ts";
import type { Chart } from "../../charts/chart.ts";
import { showCharts } from "../../charts/chart.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import { expectedInWords, measuredInWords, showVerdict } from "../../view/cluster-reading.ts";
import { type ClusterView, type ExperimentView, hasFault, type PredictionView } from "../../view/cluster-view.ts";
import { completenessChart } from "../charts/completeness.ts";
import { connectionsChart } from "../charts/connections.ts";
import { figureFile } from "../charts/file-names.ts";
import { lossesChart } from "../charts/losses.ts";
import { recipientsChart } from "../charts/recipients.ts";
import { reconnectStormChart } from "../charts/reconnect-storm.ts";
import { sequenceChart } from "../charts/sequence.ts";
import { measurementsOf } from "./measurements.ts";
import { capitalised, type Section } from "./section.ts";
import { setupOf } from "./setup.ts";

/** Courses of events shown at full size; those of more arms are linked. */
const sequencesShownMax = 4;

export function experimentSection(view: ClusterView, experiment: ExperimentView, files: Set<string>): Section {
  const { info, arms } = experiment;
  const predictions = view.predictions.filter((prediction) => prediction.experiment === experiment);
  const missing = arms.flatMap(({ cell, name }) =>
    cell.state === "measured"
      ? []
      : [`**${escapeText(name)}**: ${cell.state === "failed" ? "failed" : "not run"}: ${escapeText(cell.reason)}`],
  );
  const file = (kind: string, ...words: string[]): string => figureFile(files, info.name, kind, ...words);
  const figures = [
    hasFault(experiment)
      ? lossesChart(experiment, file("losses"))
      : completenessChart(experiment, file("completeness")),
    recipientsChart(experiment, file("recipients")),
    connectionsChart(experiment, file("connections")),
    reconnectStormChart(experiment, file("storm")),
  ].filter((chart) => chart !== undefined);
  const sequences = hasFault(experiment)
    ? arms.flatMap((arm) => sequenceChart(experiment, arm, file("sequence", arm.cell.parameters.arm)) ?? [])
    : [];
  const markdown = blocks(
    `### ${escapeText(info.title)}`,
    info.question.trim() === "" ? undefined : `**Question.** ${escapeText(info.question)}`,
    setupOf(view, experiment),
    predictions.length === 0
      ? undefined
      : bullets([...Map.groupBy(predictions, sameExpectation).values()].map(describeAlike)),
    measurementsOf(experiment),
    showCharts([...figures, ...sequences.slice(0, sequencesShownMax)]),
    linksTo(sequences.slice(sequencesShownMax)),
    missing.length === 0 ? undefined : `Not measured:\n\n${bullets(missing)}`,
    info.lesson.trim() === "" ? undefined : `**Take away.** ${escapeText(info.lesson)}`,
  );
  return { markdown, charts: [...figures, ...sequences] };
}

/**
 * One line for what several arms have in common: `The cookie brings everybody back. Expected: found 100 %, since found /
 * returns = 1. Measured: 100 %, held (sticky; SSE, sticky).`
 */
function describeAlike(alike: readonly PredictionView[]): string {
  const { statement, formula, metric, expected, claim } = alike[0]!.prediction;
  const { title, unit } = clusterMetricNamed(metric);
  const said = escapeText(capitalised(statement.trim().replace(/\.$/, "")));
  const taught = claim === undefined ? "" : ` (claim ${escapeText(claim)})`;
  const outcomes = [...Map.groupBy(alike, (found) => `${measuredInWords(found)}, ${showVerdict(found.verdict)}`)].map(
    ([outcome, found]) => `${outcome} (${found.map(({ arm }) => escapeText(arm.name)).join("; ")})`,
  );
  return `**${said}**${taught}. Expected: ${escapeText(title)} ${expectedInWords(expected, unit)}, since ${escapeText(formula)}. Measured: ${outcomes.join(", ")}.`;
}

const sameExpectation = ({ prediction: { statement, formula, metric, expected } }: PredictionView): string =>
  JSON.stringify([statement, formula, metric, expected]);

const linksTo = (charts: readonly Chart[]): string | undefined =>
  charts.length === 0
    ? undefined
    : `The sequence of events of the other arms: ${charts.map(({ file }) => `[${file}](${file})`).join(", ")}.`;
