/** What is the same in all arms of an experiment, and what sets them apart. */

import type { ClusterCell } from "../../../results/contract/cluster-results.ts";
import { formatQuantity } from "../../../results/quantities/format.ts";
import { blocks, escapeText } from "../../text/markdown.ts";
import { left, renderMarkdownTable } from "../../text/table.ts";
import type { ArmView, ClusterView, ExperimentView } from "../../view/cluster-view.ts";
import { capitalised } from "./section.ts";

interface Facet {
  readonly title: string;
  /** Not escaped. */
  readonly show: (cell: ClusterCell) => string;
}

const facets = (view: ClusterView): Facet[] => [
  { title: "protocol", show: ({ protocol }) => protocol },
  { title: "nodes", show: ({ parameters }) => String(parameters.nodes) },
  { title: "broker", show: ({ parameters }) => view.brokerTitle(parameters.broker) },
  { title: "policy", show: ({ parameters }) => parameters.policy },
  { title: "users", show: ({ parameters }) => String(parameters.users) },
  { title: "cookies", show: ({ parameters }) => parameters.cookies },
  { title: "state", show: ({ parameters }) => (parameters.state === "node" ? "on the node" : "outside") },
  { title: "ask for what they missed", show: ({ parameters }) => (parameters.resume ? "yes" : "no") },
  { title: "reconnect", show: ({ parameters }) => parameters.backoff },
  {
    title: "offered",
    show: ({ parameters: { ratePerSecond } }) =>
      ratePerSecond === undefined ? "no fixed rate" : formatQuantity(ratePerSecond, "perSecond"),
  },
  { title: "payload", show: ({ parameters }) => formatQuantity(parameters.payloadBytes, "bytes") },
];

const settingFacet = (title: string): Facet => ({
  title,
  show: ({ parameters: { settings } }) => (Object.hasOwn(settings, title) ? String(settings[title]) : "–"),
});

export function setupOf(view: ClusterView, { arms }: ExperimentView): string {
  const settings = new Set(arms.flatMap(({ cell }) => Object.keys(cell.parameters.settings)));
  const all = [...facets(view), ...[...settings].map(settingFacet)];
  const isShared = ({ show }: Facet): boolean => new Set(arms.map(({ cell }) => show(cell))).size === 1;
  const first = arms[0]!.cell;
  const shared = all.filter(isShared).map(({ title, show }) => `${escapeText(title)}: ${escapeText(show(first))}`);
  const varied = all.filter((facet) => !isShared(facet) && !isTheName(facet, arms));
  const label = arms.length === 1 ? "Set-up" : "The same in every arm";
  return blocks(
    `**${label}.** ${shared.join("; ")}.`,
    varied.length === 0
      ? undefined
      : renderMarkdownTable({
          columns: [left("Arm"), ...varied.map(({ title }) => left(escapeText(headed(title))))],
          rows: arms.map(({ cell, name }) => [
            escapeText(name),
            ...varied.map(({ show }) => escapeText(show(cell)) || "–"),
          ]),
        }),
  );
}

/** The name of a setting stays as a program reads it. */
const headed = (title: string): string => (title === title.toLowerCase() ? capitalised(title) : title);

/** Whether the name of the arm says it all already. */
const isTheName = ({ show }: Facet, arms: readonly ArmView[]): boolean =>
  arms.every(({ cell, name }) => show(cell) === name);
