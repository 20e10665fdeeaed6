/** What is the same in all cells of an experiment, and what sets them apart. */
import { blocks, escapeText } from "../../text/markdown.ts";
import { left, renderMarkdownTable } from "../../text/table.ts";
import type { CellView, ExperimentView, ReportView } from "../../view/view.ts";
import { type Facet, facetsOf } from "../facets.ts";
import { capitalised, cellsAre } from "../section.ts";

/** Settings that have a better title than the name a program reads. */
const settingTitles: ReadonlyMap<string, string> = new Map([
  ["resume", "ask for what they missed"],
  ["backoff", "reconnect"],
]);

const settingFacet = (name: string): Facet => ({
  title: settingTitles.get(name) ?? name,
  show({ cell: { parameters } }) {
    const value = Object.hasOwn(parameters.settings, name) ? parameters.settings[name]! : undefined;
    return typeof value === "boolean" ? (value ? "yes" : "no") : value?.toString();
  },
});

export function setupOf(view: ReportView, experiment: ExperimentView): string {
  const { cells } = experiment;
  const settings = new Set(cells.flatMap(({ cell }) => Object.keys(cell.parameters.settings)));
  const all = [...facetsOf(view), ...[...settings].map(settingFacet)].filter(({ show }) =>
    cells.some((cell) => show(cell) !== undefined),
  );
  const isShared = ({ show }: Facet): boolean => new Set(cells.map(show)).size === 1;
  const shared = all.filter((facet) => isShared(facet) && !(cells.length === 1 && isTheName(facet, cells)));
  const varied = all.filter((facet) => !isShared(facet) && !isTheName(facet, cells));
  const label = cells.length === 1 ? "Set-up" : "The same in every cell";
  return blocks(
    `**${label}.** ${shared.map(({ title, show }) => `${escapeText(title)}: ${escapeText(show(cells[0]!)!)}`).join("; ")}.`,
    varied.length === 0
      ? undefined
      : renderMarkdownTable({
          columns: [left(cellsAre(experiment)), ...varied.map(({ title }) => left(escapeText(headed(title))))],
          rows: cells.map((cell) => [
            escapeText(cell.name),
            ...varied.map(({ show }) => escapeText(show(cell) ?? "") || "–"),
          ]),
        }),
  );
}

/** The name of a setting stays as a program reads it. */
const headed = (title: string): string => (title === title.toLowerCase() ? capitalised(title) : title);

/** Whether the name of the cell says it all already. */
const isTheName = ({ show }: Facet, cells: readonly CellView[]): boolean =>
  cells.every((cell) => show(cell) === cell.name);
