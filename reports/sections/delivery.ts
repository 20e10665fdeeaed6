import type { Cell, FlowLedger } from "../../results/contract/results.ts";
import { flowsOf } from "../../results/metrics/metrics.ts";
import { formatCount } from "../../results/quantities/format.ts";
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
] as const satisfies readonly (readonly [string, keyof FlowLedger])[];

/** Sums over all trials, since the median of a loss would hide the one trial that lost. */
export function deliverySection(view: ReportView): Section | undefined {
  const rows = view.rows.flatMap((row) =>
    [...row.cells.values()].flatMap((cell) => {
      // Where nobody sends there is nothing to deliver.
      const trials = trialsOf(cell).filter(({ windows }) => windows.length > 0);
      return trials.length === 0 ? [] : [ledgerRow(escapeText(row.name), cell, trials.length)];
    }),
  );
  if (rows.length === 0) return undefined;
  const columns = [
    left("Target"),
    left("Scenario"),
    right("Trials"),
    ...counts.map(([title]) => right(title)),
    left("Verdict"),
  ];
  const read =
    "Messages of all windows of all trials together, exact counts by sequence number. **Lost** never came although a later one did, **censored** was still on the way when the wait was over, **reordered** came after a later one (RFC 4737 section 3.3). Any of them makes a cell invalid.";
  return textSection(blocks("## Delivery ledger", read, renderMarkdownTable({ columns, rows })));
}

const trialsOf = (cell: Cell) => (cell.state === "measured" || cell.state === "failed" ? cell.trials : []);

function ledgerRow(name: string, cell: Cell, trials: number): string[] {
  const ledgers = trialsOf(cell).flatMap(({ windows }) => windows.flatMap(flowsOf).map(({ ledger }) => ledger));
  const total = (key: keyof FlowLedger) => ledgers.reduce((sum, ledger) => sum + ledger[key], 0);
  const verdict = cell.state === "measured" ? cell.validity.verdict : cell.state;
  return [name, cell.scenario, String(trials), ...counts.map(([, key]) => formatCount(total(key))), verdict];
}
