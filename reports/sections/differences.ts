/** Every target beside the reference, in every quantity they are compared by. */
import type { Comparison } from "../../results/contract/results.ts";
import { metricNamed } from "../../results/metrics/metrics.ts";
import { formatList, formatQuantity } from "../../results/quantities/format.ts";
import { trialsForIntervalMin } from "../../results/statistics/intervals.ts";
import { blocks, bullets, escapeText } from "../text/markdown.ts";
import { left, renderMarkdownTable, right } from "../text/table.ts";
import { slowedByOtherDirection } from "../view/interference.ts";
import { formatRatio, verdictInWords } from "../view/verdict-in-words.ts";
import type { ReportView } from "../view/view.ts";
import { capitalised, type Section, textSection } from "./section.ts";

/** Undefined where nothing is compared. */
export function differencesSection(view: ReportView): Section | undefined {
  const { results, reference, rows, trials } = view;
  const plain = results.comparisons.filter(({ variant }) => variant === undefined);
  if (reference === undefined || plain.length === 0 || trials < trialsForIntervalMin) return undefined;
  const names = new Map(rows.map(({ info, name }) => [info.label, name]));
  const lines = plain.map((comparison) => {
    const { scenario, metric, target } = comparison;
    const title = `${capitalised(metricNamed(metric).title)}, ${scenario}`;
    return [escapeText(title), escapeText(names.get(target) ?? target), formatRatio(comparison), saidOf(comparison)];
  });
  return textSection(
    blocks(
      "## Differences",
      `Ratios to ${escapeText(reference.name)} with their 95 % intervals. *Slower* and *faster* are worse and better, for bytes and CPU time too; what the trials cannot tell is said with what they rule out ([method](#method-and-limits)).`,
      renderMarkdownTable({
        columns: [left("Quantity"), left("Target"), right("Ratio"), left("Verdict")],
        rows: lines.map((line, index) => [line[0] === lines[index - 1]?.[0] ? "″" : line[0]!, ...line.slice(1)]),
      }),
      bullets(interference(view)),
    ),
  );
}

/** `slower`, `within 13 %`, `cannot tell: at most 1.6 times`. */
function saidOf(comparison: Comparison): string {
  const { verdict } = comparison;
  if (verdict === "cannot-tell") return `cannot tell: ${verdictInWords(comparison)}`;
  return verdict === "equal" ? verdictInWords(comparison) : verdict;
}

/** Which targets the other direction slows down. */
function interference(view: ReportView): string[] {
  const known = slowedByOtherDirection(view);
  if (known.length === 0) return [];
  const slowed = known.filter(({ slowedBy }) => slowedBy !== undefined);
  const texts = [...Map.groupBy(slowed, ({ row }) => row)].map(([row, found]) => {
    const directions = found.map(({ direction, slowedBy }) => `${direction} ${formatQuantity(slowedBy!, "ratio")}`);
    return `${escapeText(row.name)} (${directions.join(", ")})`;
  });
  const found =
    texts.length === 0
      ? "no direction is significantly slowed by the other"
      : `slowed by the other direction: ${formatList(texts)}`;
  return [`**Duplex, interference (p50 together over alone):** ${found}.`];
}
