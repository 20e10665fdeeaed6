import type { Section } from "../../sections/section.ts";
import { Notes } from "../../text/notes.ts";
import { left, renderMarkdownTable, type Table } from "../../text/table.ts";
import type { ClusterView } from "../../view/cluster-view.ts";

export type { Section } from "../../sections/section.ts";
export { textSection } from "../../sections/section.ts";

/** A section looks at the whole of the results; undefined where it has nothing to say. */
export type ClusterSectionWriter = (view: ClusterView) => Section | undefined;

/** A table whose cells may refer to remarks, which stand below it. */
export function notedTable(make: (notes: Notes) => Table): string {
  const notes = new Notes();
  const table = renderMarkdownTable(make(notes));
  const remarks = notes.render();
  return remarks === "" ? table : `${table}\n\n${remarks}`;
}

/** A table of two columns: what, and what of it. */
export const factTable = (rows: readonly (readonly [string, string])[]): string =>
  renderMarkdownTable({ columns: [left("What"), left("Value")], rows });

/** `reordered` as a column heads it. */
export const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
