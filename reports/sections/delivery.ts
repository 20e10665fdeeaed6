import type { Cell, Trial } from "../../results/contract/results.ts";
import { formatCount } from "../../results/quantities/format.ts";
import { flowsOf, type LedgerCount } from "../../results/recording/flows.ts";
import { blocks, escapeText } from "../text/markdown.ts";
import { left, renderMarkdownTable, right } from "../text/table.ts";
import type { ReportView } from "../view/view.ts";
import { type Section, textSection } from "./section.ts";

const counts = [
  ["Sent", "sentMessages"],
  ["Received", "receivedMessages"],
  ["Lost", "lostMessages"],
  ["Duplicated", "duplicatedMessages"],
  ["Reordered", "reorderedMessages"],
  ["Censored", "censoredMessages"],
  ["Corrupted", "corruptedMessages"],
] as const satisfies readonly (readonly [string, LedgerCount])[];

/** Sums over all trials, since the median of a loss would hide the one trial that lost. */
export function deliverySection(view: ReportView): Section | undefined {
  const cells = view.experiments.flatMap((experiment) => experiment.cells);
  const rows = [...Map.groupBy(cells, ({ target }) => target)].flatMap(([{ title }, own]) =>
    own.map(({ cell }) => ledgerRow(title, cell)).filter((row) => row !== undefined),
  );
  if (rows.length === 0) return undefined;
  const columns = [
    left("Target"),
    left("Experiment"),
    right("Trials"),
    ...counts.map(([title]) => right(title)),
    left("Verdict"),
  ];
  const read =
    "All windows of all trials together, counted exactly by sequence number. **Lost** never came although a later one did, **censored** was still on the way when the drain was over, **reordered** came after a later one (RFC 4737 section 3.3). Each is a defect of the target; the numbers of the other messages are true all the same.";
  return textSection(blocks("## Delivery ledger", read, renderMarkdownTable({ columns, rows })));
}

/** Undefined where nobody sent: then there is nothing to deliver. */
function ledgerRow(title: string, cell: Cell): string[] | undefined {
  const trials = trialsOf(cell).map(({ windows }) => windows.flatMap(flowsOf).map(({ ledger }) => ledger));
  const ledgers = trials.flat();
  if (ledgers.length === 0) return undefined;
  const total = (count: LedgerCount): number => ledgers.reduce((sum, ledger) => sum + ledger[count], 0);
  return [
    escapeText(title),
    escapeText(cell.variant === undefined ? cell.scenario : `${cell.scenario}, ${cell.variant}`),
    String(trials.filter(({ length }) => length > 0).length),
    ...counts.map(([, count]) => formatCount(total(count))),
    cell.state === "measured" ? cell.validity.verdict : cell.state,
  ];
}

const trialsOf = (cell: Cell): readonly Trial[] =>
  cell.state === "measured" || cell.state === "failed" ? cell.trials : [];
