import { measured } from "../../../results/contract/cells.ts";
import { formatDuration, formatInterval, formatList, formatQuantity } from "../../../results/quantities/format.ts";
import { useOf } from "../../../results/recording/flows.ts";
import { estimateOf } from "../../../results/summary/estimate.ts";
import { showCharts } from "../../charts/chart.ts";
import { throughputChart } from "../../charts/throughput.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import { referenceTitle, type TargetRow } from "../../view/view.ts";
import { metricColumn, ratioColumn, rowsThat, targetTable } from "../section.ts";
import { perTarget } from "./per-target.ts";

export const throughputSection = perTarget("throughput", (view, rows) => {
  const charts = [throughputChart(view)].filter((chart) => chart !== undefined);
  const ratio = ratioColumn(view, "throughput", "achievedRatePerSecond", `× ${escapeText(referenceTitle(view))}`);
  const bound = rows.some((row) => {
    const estimate = estimateOf(row.cells.get("throughput"), "achievedRatePerSecond");
    return estimate.kind === "value" && estimate.bound !== undefined;
  });
  const markdown = blocks(
    "In a closed loop each answer releases the next message.",
    targetTable(rows, [
      metricColumn("throughput", "achievedRatePerSecond", "Round trips"),
      ...(view.reference ? [ratio] : []),
      metricColumn("throughput", "roundTripP50Us", "Service p50"),
      metricColumn("throughput", "roundTripP99Us", "Service p99"),
      metricColumn("throughput", "serverCpuUsPerMessage", "Server CPU per message"),
      metricColumn("throughput", "generatorCpuUsPerMessage", "Client CPU per message"),
      ...(rows.some((row) => estimateOf(row.cells.get("throughput"), "generatorMessagesPerWrite").kind === "value")
        ? [metricColumn("throughput", "generatorMessagesPerWrite", "Messages per write")]
        : []),
      { title: "Busier side", align: "left", show: busierSide },
    ]),
    showCharts(charts),
    "#### How to read this",
    bullets([
      "In a closed loop a slow target slows its own load down, so the service times here are what a full pipe costs, not what a user waits: for that see the echo experiment. The two numbers are tied by Little's law: messages in flight = rate × time in the system.",
      ...(bound
        ? [
            "`≥` marks lower bounds: the server could have carried more than it was given. Two lower bounds have no ratio. More load generators (`--workers`) on more cores move the limit to the server.",
          ]
        : []),
      ...batchingNote(rows),
      ...rowsThat(rows, "polled").map(polledBound),
      ...rowsThat(rows, "held-request").slice(0, 1).map(heldNote),
    ]),
  );
  return { markdown, charts };
});

/** With several messages in flight this experiment ranks batching as much as it ranks protocols. */
function batchingNote(rows: readonly TargetRow[]): string[] {
  const batching = rows
    .filter(({ info }) => info.uplink === "request" && info.downlink !== "response")
    .map(({ name }) => escapeText(name));
  const load = rows[0]?.cells.get("throughput")?.parameters.load;
  if (batching.length === 0 || load?.kind !== "closed" || load.inFlight === 1) return [];
  return [
    `**${formatList(batching)}** put what waits into one request: with ${load.inFlight} messages in flight per connection, several share one exchange, while a stream pays one write for each. So a request protocol may come near a stream here, or pass it, and the floor is no floor for batches. With \`--in-flight 1\` nothing can be batched; the echo experiment shows each message by itself.`,
  ];
}

/** Which of the two single-threaded processes was nearer its limit, by the share of time its event loop was busy. */
function busierSide(row: TargetRow): string {
  const windows = measured(row.cells.get("throughput"))?.trials.flatMap((trial) => trial.windows.at(-1) ?? []) ?? [];
  const busy = windows.flatMap((window) => {
    const { serverEventLoopUtilization: server, generatorEventLoopUtilization: client } = useOf(window);
    return server === undefined || client === undefined ? [] : [{ server, client }];
  });
  if (busy.length === 0) return "–";
  const mean = (side: "server" | "client") => busy.reduce((sum, use) => sum + use[side], 0) / busy.length;
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  const [server, client] = [mean("server"), mean("client")];
  if (percent(server) === percent(client)) return `both ${percent(server)}`;
  return server > client
    ? `server ${percent(server)} (client ${percent(client)})`
    : `client ${percent(client)} (server ${percent(server)})`;
}

/** With so many messages in flight and one interval per exchange, the rate has a ceiling that no server can lift. */
function polledBound(row: TargetRow): string {
  const cell = row.cells.get("throughput")!;
  const { load, connections } = cell.parameters;
  const { deliveryFloorMs } = row.info;
  const name = escapeText(row.name);
  if (load?.kind !== "closed" || deliveryFloorMs === 0) return `**${name}**: the poll interval bounds the rate.`;
  const ceiling = (connections * load.inFlight * 1000) / deliveryFloorMs;
  const estimate = estimateOf(cell, "achievedRatePerSecond");
  const seen = estimate.kind === "value" ? ` Measured: ${formatInterval(estimate.interval, "perSecond")}.` : "";
  return `**${name}**: the answers to all messages in flight come with one poll, and the next ones are sent only then, so the rate is in flight / interval = ${connections} × ${load.inFlight} / ${formatDuration(deliveryFloorMs)} = ${formatQuantity(ceiling, "perSecond")}, whatever the machine.${seen} This row measures the interval, not the protocol's capacity; more messages in flight or a shorter interval raise it.`;
}

const heldNote = (row: TargetRow): string =>
  `**${escapeText(row.name)}**: messages that come while no request is waiting leave together with the next answer, so under load one exchange carries many messages, which is why its throughput suffers less than one request per message would suggest.`;
