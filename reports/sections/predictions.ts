import { plural } from "../../results/quantities/format.ts";
import { blocks, escapeText } from "../text/markdown.ts";
import { left, right } from "../text/table.ts";
import { whyUnusable } from "../view/shown-estimate.ts";
import type { CellView, ExperimentView, ReportView } from "../view/view.ts";
import { notedTable, type Section, textSection } from "./section.ts";

/** Every experiment in one line: how much of what was expected came about. */
export function predictionsSection(view: ReportView): Section | undefined {
  const asked = view.experiments.filter(({ cells }) => cells.some(wasPredicted));
  if (asked.length === 0) return undefined;
  const table = notedTable((notes) => ({
    columns: [left("Experiment"), left("Question"), right("Cells"), left("Predictions")],
    rows: asked.map((experiment) => {
      const missing = experiment.cells.flatMap((cell) =>
        cell.cell.state === "measured" ? [] : [`${escapeText(cell.name)} ${escapeText(whyUnusable(cell)!)}`],
      );
      const all = experiment.cells.length;
      return [
        escapeText(experiment.info.title),
        escapeText(experiment.info.question),
        missing.length === 0 ? String(all) : `${all - missing.length} of ${all}${notes.mark(missing.join("; "))}`,
        outcomeOf(view, experiment),
      ];
    }),
  }));
  return textSection(
    blocks(
      "## Expected and measured",
      "Every expectation was fixed, with where its number comes from, before anything ran. It **held** only if it held in every trial. The sections above give each with its formula and what was measured.",
      table,
    ),
  );
}

const wasPredicted = ({ cell }: CellView): boolean => cell.state === "measured" && cell.predictions.length > 0;

function outcomeOf({ predictions }: ReportView, experiment: ExperimentView): string {
  const own = predictions.filter((prediction) => prediction.experiment === experiment);
  const count = (verdict: string): number => own.filter((found) => found.verdict === verdict).length;
  if (own.length === 0) return "–";
  if (count("held") === own.length) return `all ${own.length} held`;
  const others = [
    ...(count("failed") > 0 ? [`**${count("failed")} did not hold**`] : []),
    ...(count("cannot-tell") > 0 ? [`${count("cannot-tell")} cannot be told`] : []),
    ...(count("not-measured") > 0 ? [`${count("not-measured")} not measured`] : []),
  ];
  return `${count("held")} of ${plural(own.length, "prediction")} held, ${others.join(", ")}`;
}
