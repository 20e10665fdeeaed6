/** What was asked of a cell, fact by fact. */
import type { Parameters } from "../../results/contract/results.ts";
import { formatCount, formatDuration, formatQuantity } from "../../results/quantities/format.ts";
import { linkInWords } from "../view/link-in-words.ts";
import type { CellView, ReportView } from "../view/view.ts";
import { settingInWords, settingTitle } from "./settings.ts";

export interface Facet {
  readonly title: string;
  /** Not escaped; undefined where a cell has no such thing. */
  readonly show: (view: CellView) => string | undefined;
}

export const facetsOf = (view: ReportView): Facet[] => [
  { title: "target", show: ({ target }) => target.title },
  parameter("nodes", ({ nodes }) => nodes?.toString()),
  parameter("broker", ({ broker }) => (broker === undefined ? undefined : view.brokerTitle(broker))),
  parameter("policy", ({ policy }) => policy),
  parameter("virtual users", ({ connections }) => formatCount(connections)),
  parameter("load generators", ({ workers }) => workers?.toString()),
  parameter("client", ({ client }) => client),
  parameter("load", loadInWords),
  parameter("payload", ({ payloadBytes, payloadKind }) =>
    [formatQuantity(payloadBytes, "bytes"), ...(payloadKind === undefined ? [] : [payloadKind])].join(", "),
  ),
  parameter("link", ({ link }) => link && linkInWords(link)),
  parameter("windows", windowsInWords),
];

function parameter(title: string, show: (parameters: Parameters) => string | undefined): Facet {
  return { title, show: ({ cell }) => show(cell.parameters) };
}

function loadInWords({ load }: Parameters): string {
  if (load === undefined) return "nobody sends";
  if (load.kind === "closed") return `closed loop, ${load.inFlight} in flight per connection`;
  const arrivals = load.arrivals === "poisson" ? ", Poisson arrivals" : "";
  return `open loop, ${formatQuantity(load.ratePerSecond, "perSecond")}${arrivals}`;
}

function windowsInWords({ durationMs, warmupMs }: Parameters): string | undefined {
  if (durationMs === undefined) return undefined;
  return `${formatDuration(durationMs)}${warmupMs === undefined ? "" : ` after ${formatDuration(warmupMs)} of warm-up`}`;
}

const settingFacet = (name: string): Facet => ({
  title: settingTitle(name),
  show: ({ cell: { parameters } }) =>
    Object.hasOwn(parameters.settings, name) ? settingInWords(name, parameters.settings[name]!) : undefined,
});

/** Every setting that one of the cells has. */
export const settingFacetsOf = (cells: readonly CellView[]): Facet[] =>
  [...new Set(cells.flatMap(({ cell }) => Object.keys(cell.parameters.settings)))].map(settingFacet);

/** What most cells have: said once for all of them. */
export function usualValue({ experiments }: ReportView, { show }: Facet): string | undefined {
  const values = experiments.flatMap(({ cells }) => cells.map(show));
  const counted = [...Map.groupBy(values, (value) => value)].sort((a, b) => b[1].length - a[1].length);
  return counted[0]?.[0];
}
