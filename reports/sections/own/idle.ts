import { completeTrials, measured } from "../../../results/contract/cells.ts";
import { formatDuration, formatList, formatMemory, formatQuantity } from "../../../results/quantities/format.ts";
import { hasFreshServers, memoryPoints, residualShareOf } from "../../../results/recording/memory.ts";
import { estimateOf } from "../../../results/summary/estimate.ts";
import { showCharts } from "../../charts/chart.ts";
import { memoryChart } from "../../charts/memory.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import { referenceTitle, type TargetRow } from "../../view/view.ts";
import { metricColumn, ratioColumn, rowsThat, type TargetColumn, targetTable } from "../section.ts";
import { perTarget } from "./per-target.ts";

const memory = "memoryBytesPerConnection";

/** What an idle connection costs: memory by the number of connections, CPU time and bytes over time. */
export const idleSection = perTarget("idle", (view, rows) => {
  const chart = memoryChart(view);
  const steps = [...new Set(rows.flatMap(stepsOf))].sort((a, b) => a - b);
  const longestMs = Math.max(...rows.map((row) => row.cells.get("idle")!.parameters.durationMs ?? 0));
  const ratio = view.reference ? [ratioColumn(view, "idle", memory, `× ${escapeText(referenceTitle(view))}`)] : [];
  const columns: TargetColumn[] = [
    metricColumn("idle", memory, "Memory per connection"),
    ...ratio,
    { title: "Largest residual", show: largestResidual },
    metricColumn("idle", "idleCpuUsPerConnectionSecond", "Server CPU per connection and second"),
    metricColumn("idle", "idleWireBytesPerConnectionSecond", "Wire bytes per connection and second"),
  ];
  const markdown = blocks(
    `Users connect in steps${steps.length === 0 ? "" : ` (${formatList(steps.map(String))})`} and send nothing. At each step the memory of the server is read; at the last one all stay idle for ${formatDuration(longestMs)} while its CPU time and the bytes on the wire are counted. Memory per connection is the slope of the line through the readings, one line per trial. These trials run side by side, which changes neither memory nor bytes, and CPU time little.`,
    targetTable(rows, columns),
    chart && showCharts([chart]),
    "#### How to read this",
    bullets([
      "**Memory** is what the server's processes hold in RAM for themselves: heap, stacks, buffers. The kernel's own memory for each socket, some kilobytes and more when data is queued, is not in it, nor is code, which all connections share. For a protocol with two sockets per user it is that of both.",
      "A slope and not a division: a server without connections has tens of megabytes already, which a division by a few hundred users would charge to them. The first user, for whom much is set up once, is not on the line.",
      ...collectedNote(rows),
      "Memory comes in pages, and heaps grow by larger steps, so readings deviate from the line. Where the **largest residual** is a large part of the line's rise, the slope is a guess; more connections (`--idle-connections`) improve it.",
      "An idle stream costs nothing but memory: nothing is sent until there is a message. What little CPU time it shows is the process itself, spread over its users.",
      ...rowsThat(rows, "polled").map(polledNote),
      ...rowsThat(rows, "held-request")
        .slice(0, 1)
        .map(
          (row) =>
            `**${escapeText(row.name)}** renews a held request when its hold ends, once in many seconds, and a window of ${formatDuration(longestMs)} sees that only by chance: over minutes its users cost more than nothing. The same is true of any protocol that keeps a connection alive by a timer.`,
        ),
      ...extrapolation(rows),
    ]),
  );
  return { markdown, charts: chart ? [chart] : [] };
});

/** Numbers of connections at which memory was read. */
const stepsOf = (row: TargetRow): number[] =>
  (measured(row.cells.get("idle"))?.trials ?? []).flatMap(memoryPoints).map(({ x }) => x);

function largestResidual(row: TargetRow): string {
  const cell = measured(row.cells.get("idle"));
  const share = cell && residualShareOf(completeTrials(cell));
  if (share === undefined) return "–";
  return Number.isFinite(share) ? `${Math.round(share * 100)} % of its rise` : "no rise";
}

function collectedNote(rows: readonly TargetRow[]): string[] {
  const used = rows.filter((row) => {
    const cell = measured(row.cells.get("idle"));
    return cell !== undefined && !hasFreshServers(cell);
  });
  const own =
    "Servers of this project are started afresh for each trial and collect their garbage before each reading, so that the number is what connections retain and not garbage that V8 has yet to collect. A server in production needs room for that too.";
  if (used.length === 0) return [own];
  const names = formatList(used.map(({ name }) => escapeText(name)));
  return [
    own,
    `**${names}** ran before: what earlier connections left behind may hide what a new one needs, so its memory is not reported.`,
  ];
}

function polledNote(row: TargetRow): string {
  const estimate = estimateOf(row.cells.get("idle"), "idleWireBytesPerConnectionSecond");
  const seen =
    estimate.kind === "value"
      ? ` 100,000 such users would keep ${formatQuantity((estimate.interval.value * 1e5 * 8) / 1e6, "messages")} Mbit/s busy without a single message.`
      : "";
  return `**${escapeText(row.name)}** asks every ${formatDuration(row.info.deliveryFloorMs)} whether there is a message, and pays a request and an answer each time. That is the price of a short wait: asking half as often halves the cost and doubles the wait.${seen}`;
}

const manyConnections = 100_000;

function extrapolation(rows: readonly TargetRow[]): string[] {
  const texts = rows.flatMap((row) => {
    const estimate = estimateOf(row.cells.get("idle"), memory);
    if (estimate.kind !== "value" || estimate.interval.value <= 0) return [];
    return [`${escapeText(row.name)} ${formatMemory(estimate.interval.value * manyConnections)}`];
  });
  if (texts.length === 0) return [];
  return [
    `Carried on to ${formatQuantity(manyConnections, "messages")} connections, the lines give ${formatList(texts)}. That is an extrapolation far beyond what was measured: the heap limit of one process, file descriptors and the kernel's memory come first.`,
  ];
}
