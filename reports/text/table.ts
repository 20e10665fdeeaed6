/** A table and its two looks: markdown that is aligned in a terminal too, and plain columns. */
import { widthOf } from "./wrap.ts";

export interface Column {
  readonly title: string;
  /** Numbers stand right, words left. */
  readonly align: "left" | "right";
}

/** Cells are finished text: whoever fills them escapes what is not theirs. */
export interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
}

export const left = (title: string): Column => ({ title, align: "left" });
export const right = (title: string): Column => ({ title, align: "right" });

export function renderMarkdownTable(table: Table): string {
  const widths = columnWidths(table).map((width) => Math.max(width, 3));
  const rule = table.columns.map(({ align }, index) =>
    align === "left" ? "-".repeat(widths[index]!) : `${"-".repeat(widths[index]! - 1)}:`,
  );
  const [titles, ...rows] = paddedLines(table, widths);
  return [titles!, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** For a terminal: columns two spaces apart, no rules. */
export const renderPlainTable = (table: Table): string =>
  paddedLines(table, columnWidths(table))
    .map((cells) => cells.join("  ").trimEnd())
    .join("\n");

const linesOf = ({ columns, rows }: Table): (readonly string[])[] => [columns.map(({ title }) => title), ...rows];

const columnWidths = (table: Table): number[] =>
  table.columns.map((_, index) => Math.max(...linesOf(table).map((cells) => widthOf(cells[index] ?? ""))));

function paddedLines(table: Table, widths: readonly number[]): string[][] {
  return linesOf(table).map((cells) =>
    table.columns.map(({ align }, index) => {
      const text = cells[index] ?? "";
      const space = " ".repeat(Math.max(0, widths[index]! - widthOf(text)));
      return align === "left" ? text + space : space + text;
    }),
  );
}
