/** Results as a terminal shows them: a table of targets, a table of predictions, then what needs a word. */
import type { Results } from "../../results/contract/results.ts";
import { oneLine } from "../text/markdown.ts";
import { capacityExperiment } from "../view/capacity.ts";
import { whyUnusable } from "../view/shown-estimate.ts";
import { type ExperimentView, type ReportView, viewOf } from "../view/view.ts";
import { capacityTable } from "./capacity-table.ts";
import { comparedExperiments, comparisonTable } from "./comparison-table.ts";
import { predictionsTable } from "./predictions-table.ts";

/** At most 110 columns wide for the built-in protocols and experiments. */
export function renderSummary(results: Results): string {
  const view = viewOf(results);
  const listed = view.experiments
    .map((experiment) => listedOf(view, experiment))
    .filter(({ cells }) => cells.length > 0);
  const remarks = view.experiments.flatMap(({ info, cells }) =>
    cells.flatMap((cell) => {
      const why = whyUnusable(cell);
      return why === undefined ? [] : [`${cell.name}, ${oneLine(info.name)}: ${oneLine(why)}`];
    }),
  );
  return [
    ...(results.interrupted ? ["Interrupted: what follows was measured in full trials, the rest was not run.\n"] : []),
    ...comparisonTable(view),
    ...capacityTable(view),
    ...predictionsTable(view, listed),
    ...remarks,
  ].join("\n");
}

/** Where targets have a table of their own, predictions that held go without saying. */
function listedOf({ predictions }: ReportView, experiment: ExperimentView): ExperimentView {
  const { info, cells } = experiment;
  if (!comparedExperiments.has(info.name) && info.name !== capacityExperiment) return experiment;
  const failed = new Set(predictions.filter(({ verdict }) => verdict === "failed").map(({ cell }) => cell));
  return { info, cells: cells.filter((cell) => failed.has(cell)) };
}
