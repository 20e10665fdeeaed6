/** In what an experiment differs from the others, and its cells from each other. */
import { completeTrials } from "../../../results/contract/cells.ts";
import { formatList } from "../../../results/quantities/format.ts";
import { escapeText } from "../../text/markdown.ts";
import type { ExperimentView, ReportView } from "../../view/view.ts";
import { type Facet, facetsOf, settingFacetsOf, usualValue } from "../facets.ts";

const trials: Facet = {
  title: "trials",
  show: ({ cell }) => (cell.state === "measured" ? completeTrials(cell).length.toString() : undefined),
};

/** Undefined where everything is as usual. */
export function setupOf(view: ReportView, experiment: ExperimentView): string | undefined {
  const measured = experiment.cells.filter(({ cell }) => cell.state === "measured");
  const cells = measured.length > 0 ? measured : experiment.cells;
  const all = [...facetsOf(view), trials, ...settingFacetsOf(cells)].filter(({ show }) =>
    cells.some((cell) => show(cell) !== undefined),
  );
  const isShared = ({ show }: Facet): boolean => new Set(cells.map(show)).size === 1;
  const own = all.filter((facet) => isShared(facet) && facet.show(cells[0]!) !== usualValue(view, facet));
  const varied = all.filter((facet) => !isShared(facet));
  const sentences = [
    ...(own.length === 0
      ? []
      : [own.map(({ title, show }) => `${escapeText(title)} ${escapeText(show(cells[0]!)!)}`).join("; ")]),
    ...(varied.length === 0 ? [] : [`cells differ in ${formatList(varied.map(({ title }) => escapeText(title)))}`]),
  ];
  return sentences.length === 0 ? undefined : `**Set-up**: ${sentences.join("; ")}.`;
}
