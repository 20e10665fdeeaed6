import { formatCount } from "../../../results/quantities/format.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import { left, renderMarkdownTable, right } from "../../text/table.ts";
import type { ArmView, ClusterView } from "../../view/cluster-view.ts";
import { type Section, textSection } from "./section.ts";

const verdicts = ["valid", "generator-bound", "invalid", "failed", "not-run"] as const;

const verdictOf = ({ cell }: ArmView): (typeof verdicts)[number] =>
  cell.state === "measured" ? cell.validity.verdict : cell.state;

/** Which arms may be believed, and what speaks against the others. */
export function clusterValiditySection(view: ClusterView): Section {
  const table = renderMarkdownTable({
    columns: [left("Experiment"), ...verdicts.map((verdict) => right(verdict))],
    rows: view.experiments.map(({ info, arms }) => [
      escapeText(info.title),
      ...verdicts.map((verdict) => formatCount(arms.filter((arm) => verdictOf(arm) === verdict).length)),
    ]),
  });
  const remarks = view.experiments.flatMap(({ info, arms }) =>
    arms.flatMap((arm) =>
      remarksOf(arm).map((remark) => `**${escapeText(info.title)}, ${escapeText(arm.name)}**: ${remark}`),
    ),
  );
  return textSection(
    blocks(
      "## Validity",
      "Arms by verdict. **valid**: nothing that was recorded speaks against the numbers. **generator-bound**: the process that is the users was the limit, so rates are lower and delays upper bounds; what arrived and what was lost is counted exactly all the same. **invalid**: do not use the numbers; this report does not print them and counts their predictions as not measured. **failed**: the arm broke while it ran. **not-run**: why is said below.",
      view.experiments.length > 0 ? table : undefined,
      remarks.length > 0 ? bullets(remarks) : "No arm was flagged.",
    ),
  );
}

function remarksOf({ cell }: ArmView): string[] {
  if (cell.state !== "measured") return [`${cell.state}: ${escapeText(cell.reason)}`];
  return cell.validity.flags.map(
    ({ code, severity, message }) => `${severity} ${escapeText(code)}: ${escapeText(message)}`,
  );
}
