import { formatDuration, formatInterval, formatQuantity } from "../../../results/quantities/format.ts";
import { estimateOf } from "../../../results/summary/estimate.ts";
import { showCharts } from "../../charts/chart.ts";
import { echoLatencyChart } from "../../charts/echo-latency.ts";
import { echoPercentilesChart } from "../../charts/echo-percentiles.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import type { TargetRow } from "../../view/view.ts";
import { metricColumn, roundTripsColumn, rowsThat, targetTable } from "../section.ts";
import { perTarget } from "./per-target.ts";

export const echoSection = perTarget("echo", (view, rows) => {
  const charts = [echoLatencyChart(view), echoPercentilesChart(view)].filter((chart) => chart !== undefined);
  const markdown = blocks(
    "Every target is offered the same rate on a fixed schedule, independent of responses, and each message comes back.",
    targetTable(rows, [
      metricColumn("echo", "dispatchP50Us", "Dispatch p50"),
      metricColumn("echo", "roundTripP50Us", "Service p50"),
      metricColumn("echo", "scheduledP50Us", "From schedule p50"),
      metricColumn("echo", "scheduledP90Us", "p90"),
      metricColumn("echo", "scheduledP99Us", "p99"),
      metricColumn("echo", "scheduledP999Us", "p99.9"),
      metricColumn("echo", "scheduledMaxUs", "max"),
    ]),
    hasLink(rows) ? roundTrips(rows) : undefined,
    showCharts(charts),
    "#### How to read this",
    bullets([
      "**Dispatch** is how late the load generator sent (sent − scheduled), **service** how long the answer then took (received − sent), and **from schedule** their sum as a user experiences it (received − scheduled). A benchmark that reports only service time hides the queue a stalled target builds up in front of itself (coordinated omission); where dispatch is small, service and schedule agree and either may be quoted.",
      "Percentiles do not add up: the median of a sum is not the sum of two medians.",
      "The distribution chart stretches its axis towards the tail, so that every factor of ten in rarity gets the same width. A cliff is a pause (garbage collection, the scheduler), a slope is queueing.",
      ...rowsThat(rows, "stream").slice(0, 1).map(streamNote),
      ...rowsThat(rows, "polled").map(polledNote),
      ...rowsThat(rows, "held-request").slice(0, 1).map(heldNote),
    ]),
  );
  return { markdown, charts };
});

const hasLink = (rows: readonly TargetRow[]): boolean =>
  rows.some(({ cells }) => (cells.get("echo")?.parameters.link?.rttMs ?? 0) > 0);

/** What a protocol asks of a distance; only waits for a clock of its own are no multiple of it. */
const roundTrips = (rows: readonly TargetRow[]): string =>
  blocks(
    "#### In round trips of the link",
    targetTable(rows, [
      roundTripsColumn("echo", "scheduledP50Us", "Echo p50"),
      roundTripsColumn("echo", "scheduledP99Us", "Echo p99"),
      roundTripsColumn("echo", "connectP50Us", "Connect p50"),
    ]),
    [
      "An answer takes one where a message can leave and arrive at any time. What takes more waits for a request: for one that is under way, for one that has yet to be made, or for its connection; and for what the link holds up.",
      ...rowsThat(rows, "polled").map(clockNote),
    ].join(" "),
  );

function clockNote({ name, info: { deliveryFloorMs }, cells }: TargetRow): string {
  const rttMs = cells.get("echo")?.parameters.link?.rttMs ?? 0;
  const share = rttMs === 0 ? "" : `, up to ${formatQuantity(deliveryFloorMs / rttMs, "ratio")} here`;
  return `**${escapeText(name)}** also waits for its clock${share}, which no distance makes longer: over another link it is another multiple.`;
}

const streamNote = (): string =>
  "Where both directions are streams, a message can be sent at any time: what is left is framing, copying and two trips through the kernel, which the TCP row shows bare.";

/** The interval explains the median: an answer is ready at once and waits for the next question. */
function polledNote(row: TargetRow): string {
  const name = escapeText(row.name);
  const { deliveryFloorMs } = row.info;
  const half = formatDuration(deliveryFloorMs / 2);
  const estimate = estimateOf(row.cells.get("echo"), "scheduledP50Us");
  const seen = estimate.kind === "value" ? ` Measured: ${formatInterval(estimate.interval, "us")}.` : "";
  return `**${name}**: an answer is ready at once but waits for the next poll, on average interval / 2 = ${half}, at worst a whole interval (${formatDuration(deliveryFloorMs)}), and the requests come on top.${seen} A faster server does not change that; only more frequent polls do, and those cost bytes and CPU.`;
}

const heldNote = (row: TargetRow): string =>
  `**${escapeText(row.name)}**: the server answers a waiting request at once, but after each answer it has none until the client has asked again. A message that falls into this gap waits for that: up to three network transits instead of one (RFC 6202 section 2.2). It is then sent together with whatever else has arrived: at low rates long polling behaves much like a stream, at high rates it sends batches.`;
