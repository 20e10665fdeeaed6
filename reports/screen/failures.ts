/** Predictions that did not hold, each with its cause, and those that wirebench or the machine kept from being judged. */
import { usable } from "../../results/contract/cells.ts";
import { metricNamed } from "../../results/metrics/metrics.ts";
import { formatList } from "../../results/quantities/format.ts";
import { causeOf } from "../advice/causes.ts";
import { oneLine } from "../text/markdown.ts";
import { expectedInWords, measuredInWords } from "../view/shown-estimate.ts";
import type { PredictionView, ReportView } from "../view/view.ts";

/** What several cells have in common is said once. */
export function failuresOf({ predictions }: ReportView): string[] {
  const failed = predictions.filter(({ verdict }) => verdict === "failed");
  return [...Map.groupBy(failed, alike).values()].map(inWords);
}

/** Predictions nobody can judge, by what is in the way; an invalid cell is named for that, once. */
export function unclearOf({ predictions }: ReportView): string[] {
  const unclear = predictions.filter(
    ({ verdict, cell }) => verdict === "cannot-tell" && usable(cell.cell) !== undefined,
  );
  const byReason = Map.groupBy(unclear, ({ experiment, cell, prediction }) =>
    JSON.stringify([experiment.info.name, cell.name, prediction.because]),
  );
  return [...byReason.values()].map((own) => {
    const [{ experiment, cell, prediction }] = own as [PredictionView];
    const titles = own.map((found) => oneLine(metricNamed(found.prediction.metric).title));
    return `${oneLine(experiment.info.title)}, ${cell.name}: ${formatList(titles)}: ${oneLine(prediction.because ?? "").replace(/\.$/, "")}.`;
  });
}

const alike = (found: PredictionView): string =>
  JSON.stringify([found.experiment.info.name, found.prediction.metric, endOf(found)]);

function inWords(found: readonly PredictionView[]): string {
  const [first] = found as [PredictionView];
  const title = oneLine(metricNamed(first.prediction.metric).title);
  const measured = found.map((each) => `${each.cell.name} ${measuredInWords(each)}`).join(", ");
  return `${oneLine(first.experiment.info.title)}: ${title}: ${measured}; ${endOf(first)}.`;
}

function endOf(found: PredictionView): string {
  const { metric, expected } = found.prediction;
  return `expected ${expectedInWords(expected, metricNamed(metric).unit)}. Cause: ${causeOf(found)}`;
}
