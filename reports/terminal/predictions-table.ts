/** What was expected of each cell and what came about. */
import { metricNamed } from "../../results/metrics/metrics.ts";
import { oneLine } from "../text/markdown.ts";
import { left, renderPlainTable, right } from "../text/table.ts";
import { decidingInWords, expectedInWords, tallyOf, verdictWords } from "../view/shown-estimate.ts";
import type { CellView, ExperimentView, PredictionView, ReportView } from "../view/view.ts";

const experimentWidth = 15;
const cellWidth = 25;
const quantityWidth = 22;

/** A line per prediction, or per cell without any; table and legend, or nothing where there is no experiment. */
export function predictionsTable(view: ReportView, experiments: readonly ExperimentView[]): string[] {
  if (experiments.length === 0) return [];
  const table = renderPlainTable({
    columns: [
      left("experiment"),
      left("cell"),
      left("quantity"),
      right("expected"),
      right("measured"),
      left("verdict"),
    ],
    rows: experiments.flatMap(({ info, cells }) =>
      cells.flatMap((cell, index) => rowsOf(view, index === 0 ? oneLine(info.name) : "", cell)),
    ),
  });
  return view.predictions.length === 0 ? [`${table}\n`] : [table, `\n${legend(view)}\n`];
}

const cut = (text: string, width: number): string =>
  [...text].length > width ? `${[...text].slice(0, width - 1).join("")}…` : text;

function rowsOf({ predictions }: ReportView, experiment: string, view: CellView): string[][] {
  const { cell } = view;
  const head = [cut(experiment, experimentWidth), cut(view.name, cellWidth)];
  const own = predictions.filter((prediction) => prediction.cell === view);
  if (own.length > 0) return own.map((found, index) => [...(index === 0 ? head : ["", ""]), ...columnsOf(found)]);
  const verdict = cell.state === "measured" ? cell.validity.verdict : cell.state.replace("-", " ");
  return [[...head, "–", "–", "–", verdict]];
}

function columnsOf(found: PredictionView): string[] {
  const { metric, expected } = found.prediction;
  const { title, unit } = metricNamed(metric);
  return [
    cut(oneLine(title), quantityWidth),
    expectedInWords(expected, unit),
    decidingInWords(found),
    verdictWords[found.verdict],
  ];
}

function legend({ trials, predictions }: ReportView): string {
  const furthest = trials > 1 ? `; measured: of up to ${trials} trials the one furthest from what was expected` : "";
  return `${tallyOf(predictions)}${furthest}`;
}
