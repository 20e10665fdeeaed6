import { plural } from "../../../results/quantities/format.ts";
import { blocks, escapeText } from "../../text/markdown.ts";
import { left, right } from "../../text/table.ts";
import type { ClusterView, ExperimentView } from "../../view/cluster-view.ts";
import { notedTable, type Section, textSection } from "./section.ts";

/** Every experiment in one line: how much of what was expected came about. */
export function predictionsSection(view: ClusterView): Section | undefined {
  if (view.results.cells.length === 0) return undefined;
  const table = notedTable((notes) => ({
    columns: [left("Experiment"), left("Question"), right("Arms"), left("Predictions")],
    rows: view.experiments.map((experiment) => {
      const missing = experiment.arms.flatMap(({ cell, name }) =>
        cell.state === "measured"
          ? []
          : [`${escapeText(name)} ${cell.state === "failed" ? "failed" : "not run"}: ${escapeText(cell.reason)}`],
      );
      const arms = `${experiment.arms.length - missing.length} of ${experiment.arms.length}`;
      return [
        escapeText(experiment.info.title),
        escapeText(experiment.info.question),
        missing.length === 0 ? String(experiment.arms.length) : `${arms}${notes.mark(missing.join("; "))}`,
        outcomeOf(view, experiment),
      ];
    }),
  }));
  return textSection(
    blocks(
      "## Expected and measured",
      "Every expectation was fixed, with where its number comes from, before anything ran. It **held** only if it held in every trial. The sections below say each with its formula and what was measured.",
      table,
    ),
  );
}

function outcomeOf({ predictions }: ClusterView, experiment: ExperimentView): string {
  const own = predictions.filter((prediction) => prediction.experiment === experiment);
  const count = (verdict: string): number => own.filter((found) => found.verdict === verdict).length;
  if (own.length === 0) return "–";
  if (count("held") === own.length) return `all ${own.length} held`;
  const others = [
    ...(count("failed") > 0 ? [`**${count("failed")} did not hold**`] : []),
    ...(count("not-measured") > 0 ? [`${count("not-measured")} not measured`] : []),
  ];
  return `${count("held")} of ${plural(own.length, "prediction")} held, ${others.join(", ")}`;
}
