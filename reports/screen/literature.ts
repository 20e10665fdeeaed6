/** What others have published, and what was seen of it. */
import { metricNamed } from "../../results/metrics/metrics.ts";
import { oneLine } from "../text/markdown.ts";
import { left, right } from "../text/table.ts";
import { expectedInWords, measuredInWords } from "../view/shown-estimate.ts";
import type { ExperimentView, PredictionView, ReportView } from "../view/view.ts";
import type { ScreenCell, ScreenTable } from "./screen-table.ts";
import { withoutLastWords } from "./short-names.ts";

const rowsMax = 16;
const shortWidth = 48;

const within: Readonly<Record<PredictionView["verdict"], ScreenCell>> = {
  held: { text: "yes", tone: "good" },
  failed: { text: "no", tone: "bad" },
  "cannot-tell": { text: "unsure", tone: "doubt" },
  "not-measured": { text: "–", tone: "quiet" },
};

/** Undefined where nothing was measured; what did not come out as published stands first. */
export function literatureTable({ predictions }: ReportView, experiment: ExperimentView): ScreenTable | undefined {
  const own = predictions.filter((prediction) => prediction.experiment === experiment);
  if (own.length === 0) return undefined;
  return {
    subject: "published of",
    columns: [right("bounds"), right("measured"), left("within")],
    rows: [...own.filter(({ verdict }) => verdict !== "held"), ...own.filter(({ verdict }) => verdict === "held")]
      .slice(0, rowsMax)
      .map((found) => {
        const { prediction, cell, verdict } = found;
        const { title, unit } = metricNamed(prediction.metric);
        const what = `${oneLine(cell.cell.variant ?? "")}: ${title}`;
        return {
          name: `${oneLine(cell.target.title)}, ${what}`,
          shortName: withoutLastWords(`${oneLine(cell.target.label)}, ${what}`, shortWidth),
          bar: undefined,
          cells: [
            { text: expectedInWords(prediction.expected, unit) },
            { text: verdict === "not-measured" ? "–" : measuredInWords(found) },
            within[verdict],
          ],
        };
      }),
    legend: [
      {
        text: `bounds: what was published, with what this harness may differ by${own.length > rowsMax ? `; ${rowsMax} of ${own.length} figures, all are in the report` : ""}`,
      },
    ],
  };
}
