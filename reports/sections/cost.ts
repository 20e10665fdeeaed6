import { formatList, formatQuantity } from "../../results/quantities/format.ts";
import { processesOf } from "../../results/recording/observed.ts";
import { bytesChart } from "../charts/bytes.ts";
import { showCharts } from "../charts/chart.ts";
import { cpuChart } from "../charts/cpu.ts";
import { blocks, bullets, escapeText } from "../text/markdown.ts";
import { type ReportView, referenceTitle, type TargetRow } from "../view/view.ts";
import {
  metricColumn,
  ratioColumn,
  rowsOf,
  rowsThat,
  type Section,
  type TargetColumn,
  targetTable,
} from "./section.ts";

/** Bytes and CPU time per message. */
export function costSection(view: ReportView): Section | undefined {
  const echo = rowsOf(view, "echo");
  const throughput = rowsOf(view, "throughput");
  if (echo.length + throughput.length === 0) return undefined;
  const charts = [bytesChart(view), cpuChart(view)];
  const shown = charts.filter((chart) => chart !== undefined);
  const show = (chart: (typeof charts)[number]) => (chart ? showCharts([chart]) : undefined);
  const ratio = view.reference
    ? [ratioColumn(view, "echo", "wireBytesPerMessage", `× ${escapeText(referenceTitle(view))}`)]
    : [];
  const cpu: TargetColumn[] = [
    ...(echo.length > 0 ? [metricColumn("echo", "serverCpuUsPerMessage", "Server, echo")] : []),
    ...(throughput.length > 0
      ? [
          metricColumn("throughput", "serverCpuUsPerMessage", "Server, throughput"),
          metricColumn("throughput", "generatorCpuUsPerMessage", "Client, throughput"),
        ]
      : []),
  ];
  const markdown = blocks(
    "## Cost: bytes and CPU per message",
    ...(echo.length > 0
      ? [
          targetTable(echo, [
            metricColumn("echo", "wireBytesPerMessage", "Wire bytes per round trip"),
            ...ratio,
            { title: "of which payload", show: payload },
            metricColumn("echo", "overheadBytesPerMessage", "of which overhead"),
          ]),
          show(charts[0]),
        ]
      : []),
    "CPU is that of all processes of a server, read from `/proc` at the start and the end of a window, in the same way for servers of this project and of others; that of the client is reported by the load generators themselves.",
    ...measuredProcesses(view.rows),
    targetTable(
      view.rows.filter((row) => echo.includes(row) || throughput.includes(row)),
      cpu,
    ),
    show(charts[1]),
    "### How to read this",
    bullets([
      "Wire bytes are all bytes on the clients' TCP connections for one message and its echo. TCP and IP headers, acknowledgements and the setup of connections are not in them, so a protocol that sends more, smaller segments costs more on a real network than it shows here.",
      "Overhead is what remains without the payload both ways: frame headers, HTTP header fields, XML, encodings, and requests that found nothing. It hardly depends on the payload's size, so small messages pay the largest share.",
      "CPU per message falls as the rate rises, because one wake-up then serves many messages: compare protocols by the echo column, where all are offered the same rate, and read the throughput column as the price at each target's own full speed.",
      ...rowsThat(view.rows, "polled").map(
        (row) =>
          `${escapeText(row.name)}: empty polls cost the same whether or not there are messages, so at a lower message rate both bytes and CPU per message grow. One poll or request may carry several messages, so at a higher rate they shrink.`,
      ),
    ]),
  );
  return { markdown, charts: shown };
}

const payload = (row: TargetRow): string => formatQuantity(2 * row.cells.get("echo")!.parameters.payloadBytes, "bytes");

/** Whose CPU time it is, of servers that are not this project's. */
function measuredProcesses(rows: readonly TargetRow[]): string[] {
  const sentences = rows.flatMap((row) => {
    const processes = row.info.system.kind !== "embedded" ? processesOf(row.cells.values()) : [];
    const shown = [...Map.groupBy(processes, ({ command }) => command)].map(
      ([command, own]) => `${command} (pid ${own.map(({ pid }) => pid).join(", ")})`,
    );
    return shown.length === 0 ? [] : [`**${escapeText(row.name)}**: CPU of ${escapeText(formatList(shown))}.`];
  });
  return sentences.length === 0 ? [] : [sentences.join(" ")];
}
