import { completeTrials } from "../../../results/contract/cells.ts";
import { metricNamed } from "../../../results/metrics/metrics.ts";
import { estimateOf } from "../../../results/summary/estimate.ts";
import { escapeText } from "../../text/markdown.ts";
import { left, right } from "../../text/table.ts";
import { expectedInWords, showEstimate } from "../../view/shown-estimate.ts";
import type { PredictionView } from "../../view/view.ts";
import { notedTable, textSection } from "../section.ts";
import type { OwnSection } from "./own-section.ts";

const within: Record<PredictionView["verdict"], string> = {
  held: "yes",
  failed: "**no**",
  "cannot-tell": "cannot tell",
  "not-measured": "–",
};

/** What was published, by whom, and what was seen of it here. */
export const literatureSection: OwnSection = {
  experiments: ["literature"],
  replaces: true,
  write(view, experiment) {
    const rows = view.predictions.filter((prediction) => prediction.experiment === experiment);
    if (rows.length === 0) return undefined;
    return textSection(
      notedTable((notes) => ({
        columns: [
          left("Target"),
          left("Published, and its source"),
          left("Quantity"),
          right("Bounds"),
          right("Measured"),
          right("Trials"),
          left("Within"),
        ],
        rows: rows.map(({ cell, prediction, verdict }) => {
          const { name, title, unit } = metricNamed(prediction.metric);
          const { title: target } = cell.target;
          return [
            escapeText(`${target}, ${cell.cell.variant ?? ""}`),
            escapeText(prediction.formula),
            escapeText(title),
            expectedInWords(prediction.expected, unit),
            showEstimate(estimateOf(cell.cell, name), unit, notes, escapeText),
            cell.cell.state === "measured" ? completeTrials(cell.cell).length.toString() : "–",
            within[verdict],
          ];
        }),
      })),
    );
  },
};
