import type { Cell } from "../../results/contract/results.ts";
import { completeTrials } from "../../results/contract/trials.ts";
import { plural } from "../../results/quantities/format.ts";
import { blocks, bullets, escapeText } from "../text/markdown.ts";
import { left, renderMarkdownTable } from "../text/table.ts";
import type { ReportView } from "../view/view.ts";
import { type Section, textSection } from "./section.ts";

/** Which cells may be believed, and what speaks against the others. */
export function validitySection(view: ReportView): Section {
  const table = renderMarkdownTable({
    columns: [left("Target"), ...view.scenarios.map((scenario) => left(scenario))],
    rows: view.rows.map((row) => [
      escapeText(row.name),
      ...view.scenarios.map((scenario) => verdictOf(row.cells.get(scenario))),
    ]),
  });
  const cells = view.rows.flatMap((row) =>
    [...row.cells.values()].map((cell) => ({
      name: `${escapeText(row.name)}, ${cell.scenario}`,
      remarks: remarksOf(cell),
    })),
  );
  const [first] = cells;
  const shared =
    cells.length > 1
      ? first!.remarks.filter((remark) => cells.every(({ remarks: others }) => others.includes(remark)))
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
      "**valid**: nothing that was recorded speaks against the numbers. **generator-bound**: the load generator was the limit, so rates are lower and delays upper bounds. **invalid**: do not use the numbers, and this report does not print them. **refused**: it failed conformance, so it was not measured. **failed**: it broke while it was measured. **not-run**: why is said below.",
      view.rows.length > 0 ? table : undefined,
      remarks.length > 0 ? bullets(remarks) : "No cell was flagged.",
    ),
  );
}

function verdictOf(cell: Cell | undefined): string {
  if (cell === undefined) return "–";
  if (cell.state !== "measured") return cell.state;
  return `${cell.validity.verdict} (${plural(completeTrials(cell).length, "trial")})`;
}

function remarksOf(cell: Cell): string[] {
  if (cell.state !== "measured") return [`${cell.state}: ${escapeText(cell.reason)}`];
  const partial = cell.trials.length - completeTrials(cell).length;
  return [
    ...cell.validity.flags.map(({ code, severity, message }) => `${severity} \`${code}\`: ${escapeText(message)}`),
    ...(partial > 0 ? [`${plural(partial, "trial")} cut short: kept in results.json, not summarised`] : []),
  ];
}
