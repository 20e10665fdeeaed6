/** The first screen as the top of a report. */
import { formatList, plural } from "../../results/quantities/format.ts";
import { drawBar } from "../screen/bars.ts";
import { screenOf } from "../screen/screen.ts";
import type { Remedy, ScreenTable } from "../screen/screen-table.ts";
import { blocks, bullets, escapeText } from "../text/markdown.ts";
import { left, renderMarkdownTable } from "../text/table.ts";
import type { ReportView } from "../view/view.ts";
import { type Section, textSection } from "./section.ts";

const barWidth = 8;
/** More than these are counted in the title. */
const namedClaimsMax = 3;

export function firstScreenSection(view: ReportView): Section {
  const {
    notice,
    machine,
    scope,
    failures,
    unclear,
    advice,
    tables,
    sure,
    unsure,
    rules,
    claims,
    warnings,
    notMeasured,
  } = screenOf(view);
  const list = (title: string, texts: readonly string[]): string | undefined =>
    texts.length === 0 ? undefined : blocks(`**${title}**`, bullets(texts.map(escapeText)));
  const settle = unsure?.command === undefined ? "" : ` To settle it: ${codeSpan(unsure.command)}`;
  return textSection(
    blocks(
      `# wirebench: ${escapeText(subjectsOf(view)) || "nothing measured"}`,
      notice === undefined ? undefined : `> ${escapeText(notice)}`,
      `> **Machine ${machine.state}**: ${escapeText(machine.text)}`,
      escapeText(scope),
      list("Failed", failures),
      list("Unclear", unclear),
      ...[...Map.groupBy(advice, ({ about }) => about)].map(
        ([about, own]) => `**${about}**: ${own.map(({ text }) => escapeText(text)).join(" ")}`,
      ),
      ...tables.map((table) =>
        blocks(tableOf(table), `${escapeText(table.legend.map(({ text }) => text).join("; "))}.`),
      ),
      list("Sure", sure),
      unsure === undefined ? undefined : `**Not sure**: ${escapeText(unsure.text)}${settle}`,
      list("Rules", rules),
      claims === undefined ? undefined : `**Claims**: ${escapeText(claims.named)}`,
      list("Beware", warnings),
      `**Not measured**: ${notMeasured.map(remedyInWords).join("; ")}`,
    ),
  );
}

const remedyInWords = ({ text, command }: Remedy): string =>
  command === undefined ? escapeText(text) : `${escapeText(text)}: ${codeSpan(command)}`;

/** The claims that were asked for, else the targets, and of a cluster its brokers: `TCP and WebSocket; cluster with no broker and Redis`. */
function subjectsOf({ results: { targets, cells, claimsAsked }, brokerTitle }: ReportView): string {
  if (claimsAsked !== undefined) {
    return claimsAsked.length > namedClaimsMax ? plural(claimsAsked.length, "claim") : formatList(claimsAsked);
  }
  const alone = targets.filter(({ system }) => system.kind !== "cluster").map(({ title }) => title);
  const brokers = [...new Set(cells.flatMap(({ parameters }) => parameters.broker ?? []))].map(brokerTitle);
  return [formatList(alone), brokers.length === 0 ? "" : `cluster with ${formatList(brokers)}`]
    .filter((part) => part !== "")
    .join("; ");
}

function tableOf({ subject, columns, rows }: ScreenTable): string {
  const hasBars = rows.some(({ bar }) => bar !== undefined);
  const [lead, ...others] = columns;
  return renderMarkdownTable({
    columns: [left(subject), lead!, ...(hasBars ? [left("bar")] : []), ...others].map(({ title, align }) => ({
      title: escapeText(title),
      align,
    })),
    rows: rows.map(({ name, bar, cells }) => {
      const [first, ...rest] = cells.map(({ text }) => escapeText(text));
      const drawn = bar === undefined ? "–" : drawBar(bar, barWidth).trimEnd();
      return [escapeText(name), first!, ...(hasBars ? [drawn] : []), ...rest];
    }),
  });
}

/** A command as it is; one with a backtick in it cannot be code between single ones. */
const codeSpan = (text: string): string => (text.includes("`") ? escapeText(text) : `\`${text}\``);
