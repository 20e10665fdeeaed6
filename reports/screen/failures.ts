/** Predictions that did not hold, each with its cause: only what the system under test did is a result. */
import { metricNamed } from "../../results/metrics/metrics.ts";
import { causeOf } from "../advice/causes.ts";
import { oneLine } from "../text/markdown.ts";
import { expectedInWords, measuredInWords } from "../view/shown-estimate.ts";
import type { PredictionView, ReportView } from "../view/view.ts";

/** Those of the system first; what several cells have in common is said once. */
export function failuresOf({ predictions }: ReportView): string[] {
  const failed = predictions.filter(({ verdict }) => verdict === "failed");
  const unclear = predictions.filter(({ verdict }) => verdict === "cannot-tell");
  return [...Map.groupBy([...failed, ...unclear], alike).values()].map(inWords);
}

const alike = (found: PredictionView): string =>
  JSON.stringify([found.verdict, found.experiment.info.name, found.prediction.metric, endOf(found)]);

function inWords(found: readonly PredictionView[]): string {
  const [first] = found as [PredictionView];
  const title = oneLine(metricNamed(first.prediction.metric).title);
  const measured = found.map((each) => `${each.cell.name} ${measuredInWords(each)}`).join(", ");
  return `${oneLine(first.experiment.info.title)}: ${title}: ${measured}; ${endOf(first)}.`;
}

function endOf(found: PredictionView): string {
  const { metric, expected, because } = found.prediction;
  const was = `expected ${expectedInWords(expected, metricNamed(metric).unit)}`;
  if (found.verdict === "cannot-tell") return `${was}. Cannot tell: ${oneLine(because ?? "").replace(/\.$/, "")}`;
  return `${was}. Cause: ${causeOf(found)}`;
}
