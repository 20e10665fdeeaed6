/** The title of a report, what kind of run it was, and what a reader in a hurry should take away. */
import { formatList, plural } from "../../results/quantities/format.ts";
import { cpuContentionOf, describeCpuContention } from "../../results/validity/cpu-contention.ts";
import { blocks, escapeText } from "../text/markdown.ts";
import { tallyOf } from "../view/shown-estimate.ts";
import type { ReportView } from "../view/view.ts";
import { type HeadlineWriter, type SectionWriter, textSection } from "./section.ts";

export const openingSection =
  (headlines: readonly HeadlineWriter[]): SectionWriter =>
  (view) =>
    textSection(
      blocks(
        `# wirebench: ${escapeText(subjectsOf(view)) || "nothing measured"}`,
        view.results.interrupted
          ? "> **Interrupted run.** What is here was measured in full trials; the rest was not run, and cells may have fewer trials than planned."
          : undefined,
        busyNote(view),
        scopeOf(view),
        ...headlines.map((write) => write(view)),
      ),
    );

/** The targets, and of a cluster its brokers: `TCP and WebSocket; cluster with no broker and Redis`. */
function subjectsOf({ results: { targets, cells }, brokerTitle }: ReportView): string {
  const alone = targets.filter(({ system }) => system.kind !== "cluster").map(({ title }) => title);
  const brokers = [...new Set(cells.flatMap(({ parameters }) => parameters.broker ?? []))].map(brokerTitle);
  return [formatList(alone), brokers.length === 0 ? "" : `cluster with ${formatList(brokers)}`]
    .filter((part) => part !== "")
    .join("; ");
}

function busyNote({ results: { cells } }: ReportView): string | undefined {
  const trouble = describeCpuContention(cpuContentionOf(cells));
  return trouble && `> **Busy machine.** Measured beside other work: ${trouble}. Run it again on a quiet machine.`;
}

function scopeOf(view: ReportView): string {
  const { experiments, predictions, rows } = view;
  const { cells } = view.results;
  if (cells.length === 0) return "No cell was run, so there is nothing to tell.";
  const measured = cells.filter((cell) => cell.state === "measured");
  const reasons = "see [validity](#validity) for the reasons";
  if (measured.length === 0) return `No cell was measured; ${reasons}.`;
  const invalid = measured.filter(({ validity }) => validity.verdict === "invalid").length;
  const missing = (["refused", "failed", "not-run"] as const).flatMap((state) => {
    const count = cells.filter((cell) => cell.state === state).length;
    return count > 0 ? [`${count} ${state.replace("-", " ")}`] : [];
  });
  const names = experiments.map(({ info }) => escapeText(info.name)).join(", ");
  const scope = [
    ...(rows.length > 0 ? [plural(rows.length, "target")] : []),
    `${plural(experiments.length, "experiment")} (${names})`,
    `${measured.length} of ${plural(cells.length, "cell")} measured with up to ${plural(view.trials, "trial")} each`,
    ...(invalid > 0 ? [`${invalid} of them invalid`] : []),
    ...(missing.length > 0 ? [`${formatList(missing)} (${reasons})`] : []),
  ].join(", ");
  return predictions.length === 0 ? `${scope}.` : `${scope}. **${tallyOf(predictions)}.** ${spreadInWords(view)}`;
}

const spreadInWords = ({ trials }: ReportView): string =>
  trials <= 1
    ? "One trial has no spread: a number is what was seen once."
    : "Brackets hold the lowest and the highest trial of counts and shares; what else they are is said under [method](#method-and-limits).";
