import { blocks, escapeText } from "../../markdown.ts";
import { left, right } from "../../table.ts";
import { clusterMetricNamed } from "../metrics.ts";
import { expectedInWords, measuredInWords, showVerdict } from "../reading.ts";
import type { ClusterView } from "../view.ts";
import { capitalised, notedTable, type Section, textSection } from "./section.ts";

/** Every prediction in one table: what was expected before the run, and what came of it. */
export function predictionsSection(view: ClusterView): Section | undefined {
  if (view.results.cells.length === 0) return undefined;
  const table = notedTable((notes) => ({
    columns: [
      left("Experiment"),
      left("Arm"),
      left("Quantity"),
      right("Expected"),
      left("Because"),
      right("Measured"),
      left("Verdict"),
    ],
    rows: view.experiments.flatMap((experiment) =>
      experiment.arms.flatMap((arm): string[][] => {
        const start = [escapeText(experiment.info.title), escapeText(arm.name)];
        const { cell } = arm;
        if (cell.state !== "measured") {
          const word = cell.state === "failed" ? "failed" : "not run";
          return [[...start, "–", "–", "–", "–", `${word}${notes.mark(escapeText(cell.reason))}`]];
        }
        return view.predictions
          .filter((prediction) => prediction.arm === arm)
          .map((shown) => {
            const { metric, expected, formula } = shown.prediction;
            const { title, unit } = clusterMetricNamed(metric);
            return [
              ...start,
              escapeText(capitalised(title)),
              expectedInWords(expected, unit),
              escapeText(formula),
              measuredInWords(shown),
              showVerdict(shown.verdict),
            ];
          });
      }),
    ),
  }));
  return textSection(
    blocks(
      "## Expected and measured",
      "Every expectation was fixed, with where its number comes from, before anything ran. It **held** only if it held in every trial. Measured is the median of the trials, in brackets the lowest and the highest where they differ.",
      table,
    ),
  );
}
