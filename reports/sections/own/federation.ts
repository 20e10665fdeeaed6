import type { MetricName } from "../../../results/metrics/metrics.ts";
import { metricNamed } from "../../../results/metrics/metrics.ts";
import { formatQuantity } from "../../../results/quantities/format.ts";
import { estimateOf } from "../../../results/summary/estimate.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import { left, right } from "../../text/table.ts";
import { middleOf, showEstimate } from "../../view/shown-estimate.ts";
import type { CellView } from "../../view/view.ts";
import { notedTable } from "../section.ts";
import type { OwnSection } from "./own-section.ts";

const columns: readonly (readonly [MetricName, string])[] = [
  ["sameServerP50Us", "One server, p50"],
  ["roundTripP50Us", "Two servers, p50"],
  ["federatedP50Ratio", "Ratio"],
  ["sameServerP99Us", "One server, p99"],
  ["roundTripP99Us", "Two servers, p99"],
  ["firstRoundTripMs", "First message to the other"],
  ["sameServerCpuUsPerMessage", "CPU, one server"],
  ["serverCpuUsPerMessage", "CPU, two servers"],
];

/** What a round trip to somebody on another server costs beside one on the user's own. */
export const federationSection: OwnSection = {
  experiments: ["federation"],
  replaces: true,
  write(_view, { cells }) {
    if (!cells.some(({ cell }) => cell.state === "measured")) return undefined;
    const table = notedTable((notes) => ({
      columns: [left("From server to server"), ...columns.map(([, title]) => right(title))],
      rows: cells.map(({ cell, name }) => [
        escapeText(name),
        ...columns.map(([metric]) =>
          showEstimate(estimateOf(cell, metric), metricNamed(metric).unit, notes, escapeText),
        ),
      ]),
    }));
    return {
      markdown: blocks(
        ...cells.flatMap((cell) => inWords(cell) ?? []).slice(0, 1),
        table,
        "#### How to read this",
        bullets([
          "A round trip is a message to somebody and the answer: 4 socket crossings through one server, 6 through two. Both kinds are measured in turn on the same two servers, each with users of its own; CPU is that of the servers a message passes.",
          "**The first message** to another server pays for finding it, for proof of who is who (dialback, XEP-0220) and for the TLS handshake, in both directions; later ones share those connections. Both servers had just started.",
          "**Over TLS** every connection is encrypted, those of the users too; **in clear** none is. Domains are addresses, so nothing is looked up in DNS, and the servers are on one host.",
          "**Apart**: a relay in front of each server holds up what the other one sends. The distance comes on top of what servers do, once for each message and its answer, and several times for the first.",
        ]),
      ),
      charts: [],
    };
  },
};

/** The answer in one sentence. */
function inWords(view: CellView): string | undefined {
  const [ratio, near, far, first] = (
    ["federatedP50Ratio", "sameServerP50Us", "roundTripP50Us", "firstRoundTripMs"] as const
  ).map((metric) => {
    const value = middleOf(view, metric);
    return value === undefined ? undefined : formatQuantity(value, metricNamed(metric).unit);
  });
  if (ratio === undefined || near === undefined || far === undefined || first === undefined) return undefined;
  return `**What decentralisation costs here (${escapeText(view.name)}): ${ratio}.** A message and its answer take ${far} through two servers and ${near} through one; the first one between two servers takes ${first}.`;
}
