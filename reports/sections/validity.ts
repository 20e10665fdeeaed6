import { completeTrials } from "../../results/contract/cells.ts";
import type { Cell } from "../../results/contract/results.ts";
import { formatCount, plural } from "../../results/quantities/format.ts";
import { blocks, bullets, escapeText } from "../text/markdown.ts";
import { left, renderMarkdownTable, right } from "../text/table.ts";
import type { ReportView } from "../view/view.ts";
import { type Section, textSection } from "./section.ts";

/** Which cells may be believed, and what speaks against the others. */
export function validitySection(view: ReportView): Section {
  const remarks = view.experiments.flatMap(({ info, cells }) =>
    cells.flatMap(({ cell, name }) => remarksOf(cell).map((remark) => ({ ...remark, name, experiment: info.name }))),
  );
  const all = view.results.cells.length;
  const isClean = view.results.cells.every((cell) => verdictOf(cell) === "valid");
  return textSection(
    blocks(
      "## Validity",
      isClean
        ? `All ${plural(all, "cell")} are **valid**: nothing that was recorded speaks against the numbers, but for what is remarked below.`
        : "**valid**: nothing that was recorded speaks against the numbers. **invalid**: do not use the numbers; this report does not print them and counts their predictions as not measured. **refused**: it failed conformance, so it was not measured. **failed**: it broke while it was measured. **not-run**: why is said below.",
      byTarget(view),
      isClean ? undefined : byVerdict(view),
      remarks.length === 0
        ? "No cell was flagged."
        : bullets([...Map.groupBy(remarks, ({ kind }) => kind).values()].map((alike) => inWords(alike, all))),
    ),
  );
}

interface Remark {
  /** What is alike about remarks that differ in numbers. */
  readonly kind: string;
  readonly text: string;
}

interface FoundRemark extends Remark {
  readonly name: string;
  readonly experiment: string;
}

const namesMax = 4;

/** What several cells have in common is said once, with the words of the first. */
function inWords(alike: readonly FoundRemark[], cells: number): string {
  const [first] = alike as [FoundRemark];
  const where = [...Map.groupBy(alike, ({ experiment }) => experiment)].map(([experiment, own]) => {
    const names = [...new Set(own.map(({ name }) => escapeText(name)))];
    return `${names.length > namesMax ? plural(names.length, "cell") : names.join("; ")}, ${escapeText(experiment)}`;
  });
  const isAll = cells > 1 && alike.length >= cells;
  const others = new Set(alike.map(({ text }) => text)).size - 1;
  const more = others === 0 ? "" : `; ${others} more with other numbers`;
  return `**${isAll ? "Every cell" : where.join("; ")}**: ${first.text}${more}`;
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

function remarksOf(cell: Cell): Remark[] {
  if (cell.state !== "measured") {
    const text = `${cell.state}: ${escapeText(cell.reason)}`;
    return [{ kind: text, text }];
  }
  const partial = cell.trials.length - completeTrials(cell).length;
  return [
    ...cell.validity.flags.map(({ code, severity, message }) => ({
      kind: `${severity} ${code}`,
      text: `${severity} ${escapeText(code)}: ${escapeText(message)}`,
    })),
    ...(partial === 0
      ? []
      : [{ kind: "partial", text: `${plural(partial, "trial")} cut short: kept in results.json, not summarised` }]),
  ];
}
