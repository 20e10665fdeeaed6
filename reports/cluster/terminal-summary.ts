/** The arms as a terminal shows them: one table with verdicts, then what needs a word. */

import type { ClusterResults } from "../../results/contract/cluster-results.ts";
import { clusterMetricNamed } from "../../results/metrics/cluster-metrics.ts";
import { oneLine } from "../text/markdown.ts";
import { left, renderPlainTable, right } from "../text/table.ts";
import { decidingInWords, expectedInWords, verdictWords } from "../view/cluster-reading.ts";
import {
  type ArmView,
  type ClusterView,
  clusterViewOf,
  type ExperimentView,
  type PredictionView,
} from "../view/cluster-view.ts";
import { tallyOf } from "./sections/headline.ts";

const experimentWidth = 15;
const armWidth = 25;
const quantityWidth = 22;

/** At most 110 columns wide for the built-in experiments. */
export function renderClusterSummary(results: ClusterResults): string {
  const view = clusterViewOf(results);
  const rows = view.experiments.flatMap((experiment) =>
    experiment.arms.flatMap((arm, index) => rowsOf(view, experiment, arm, index === 0)),
  );
  const table = renderPlainTable({
    columns: [left("experiment"), left("arm"), left("quantity"), right("expected"), right("measured"), left("verdict")],
    rows,
  });
  const remarks = view.experiments.flatMap(({ info, arms }) =>
    arms.flatMap((arm) => remarksOf(`${oneLine(info.name)}, ${arm.name}`, arm)),
  );
  const parts = [...(rows.length > 0 ? [table, `\n${legend(view)}\n`] : []), ...remarks];
  if (results.interrupted)
    parts.unshift("Interrupted: what follows was measured in full trials, the rest was not run.\n");
  return parts.join("\n");
}

const cut = (text: string, width: number): string =>
  [...text].length > width ? `${[...text].slice(0, width - 1).join("")}…` : text;

function rowsOf(view: ClusterView, experiment: ExperimentView, arm: ArmView, isFirst: boolean): string[][] {
  const name = isFirst ? cut(oneLine(experiment.info.name), experimentWidth) : "";
  const label = cut(arm.name, armWidth);
  const { cell } = arm;
  if (cell.state !== "measured") return [[name, label, "–", "–", "–", cell.state.replace("-", " ")]];
  const predictions = view.predictions.filter((prediction) => prediction.arm === arm);
  if (predictions.length === 0) return [[name, label, "–", "–", "–", cell.validity.verdict]];
  return predictions.map((found, index) => [index === 0 ? name : "", index === 0 ? label : "", ...columnsOf(found)]);
}

function columnsOf(found: PredictionView): string[] {
  const { metric, expected } = found.prediction;
  const { title, unit } = clusterMetricNamed(metric);
  return [
    cut(oneLine(title), quantityWidth),
    expectedInWords(expected, unit),
    decidingInWords(found),
    verdictWords[found.verdict],
  ];
}

function legend(view: ClusterView): string {
  const trials =
    view.trials > 1 ? `; measured: of up to ${view.trials} trials the one furthest from what was expected` : "";
  return `${tallyOf(view)}${trials}`;
}

function remarksOf(prefix: string, { cell }: ArmView): string[] {
  if (cell.state !== "measured") return [`${prefix}: ${cell.state.replace("-", " ")}: ${oneLine(cell.reason)}`];
  const { verdict, flags } = cell.validity;
  if (verdict !== "invalid") return [];
  const fatal = flags.filter(({ severity }) => severity === "fatal").map(({ message }) => oneLine(message));
  return [`${prefix}: invalid: ${fatal.join("; ")}`];
}
