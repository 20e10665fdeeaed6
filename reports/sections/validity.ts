import { completeTrials } from "../../results/contract/cells.ts";
import type { Cell } from "../../results/contract/results.ts";
import { formatCount, plural } from "../../results/quantities/format.ts";
import { blocks, bullets, escapeText } from "../text/markdown.ts";
import { left, renderMarkdownTable, right } from "../text/table.ts";
import type { ReportView } from "../view/view.ts";
import { type Section, textSection } from "./section.ts";

/** Which cells may be believed, and what speaks against the others. */
export function validitySection(view: ReportView): Section {
  const cells = view.experiments.flatMap(({ info, cells }) =>
    cells.map(({ cell, name }) => ({
      name: `${escapeText(name)}, ${escapeText(info.name)}`,
      remarks: remarksOf(cell),
    })),
  );
  const shared =
    cells.length > 1
      ? cells[0]!.remarks.filter((remark) => cells.every(({ remarks: others }) => others.includes(remark)))
      : [];
  const remarks = [
    ...shared.map((remark) => `**Every cell**: ${remark}`),
    ...cells.flatMap(({ name, remarks: all }) =>
      all.filter((remark) => !shared.includes(remark)).map((remark) => `**${name}**: ${remark}`),
    ),
  ];
  return textSection(
    blocks(
      "## Validity",
      "**valid**: nothing that was recorded speaks against the numbers. **invalid**: do not use the numbers; this report does not print them and counts their predictions as not measured. **refused**: it failed conformance, so it was not measured. **failed**: it broke while it was measured. **not-run**: why is said below.",
      byTarget(view),
      byVerdict(view),
      remarks.length > 0 ? bullets(remarks) : "No cell was flagged.",
    ),
  );
}

/** Of the experiments that have one cell per target. */
function byTarget({ experiments, rows }: ReportView): string | undefined {
  const shown = experiments.filter(({ info }) => rows.some(({ cells }) => cells.has(info.name)));
  if (shown.length === 0) return undefined;
  return renderMarkdownTable({
    columns: [left("Target"), ...shown.map(({ info }) => left(escapeText(info.name)))],
    rows: rows.map(({ name, cells }) => [
      escapeText(name),
      ...shown.map(({ info }) => {
        const cell = cells.get(info.name);
        if (cell === undefined) return "–";
        return cell.state === "measured"
          ? `${verdictOf(cell)} (${plural(completeTrials(cell).length, "trial")})`
          : verdictOf(cell);
      }),
    ]),
  });
}

const verdicts = ["valid", "invalid", "refused", "failed", "not-run"] as const;

/** Of the experiments that have variants, which are too many for a column each. */
function byVerdict({ experiments }: ReportView): string | undefined {
  const shown = experiments.filter(({ cells }) => cells.some(({ cell }) => cell.variant !== undefined));
  if (shown.length === 0) return undefined;
  return renderMarkdownTable({
    columns: [left("Cells by verdict"), ...verdicts.map((verdict) => right(verdict))],
    rows: shown.map(({ info, cells }) => [
      escapeText(info.title),
      ...verdicts.map((verdict) => formatCount(cells.filter(({ cell }) => verdictOf(cell) === verdict).length)),
    ]),
  });
}

const verdictOf = (cell: Cell): (typeof verdicts)[number] =>
  cell.state === "measured" ? cell.validity.verdict : cell.state;

function remarksOf(cell: Cell): string[] {
  if (cell.state !== "measured") return [`${cell.state}: ${escapeText(cell.reason)}`];
  const partial = cell.trials.length - completeTrials(cell).length;
  return [
    ...cell.validity.flags.map(
      ({ code, severity, message }) => `${severity} ${escapeText(code)}: ${escapeText(message)}`,
    ),
    ...(partial > 0 ? [`${plural(partial, "trial")} cut short: kept in results.json, not summarised`] : []),
  ];
}
