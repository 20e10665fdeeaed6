import { type MetricName, metricNamed } from "../../../results/metrics/metrics.ts";
import { formatQuantity } from "../../../results/quantities/format.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import { left, renderMarkdownTable, right } from "../../text/table.ts";
import { middleOf } from "../../view/shown-estimate.ts";
import type { CellView } from "../../view/view.ts";
import type { OwnSection } from "./own-section.ts";

const columns: readonly (readonly [title: string, metric: MetricName])[] = [
  ["A heartbeat", "heartbeatBytes"],
  ["Bytes an hour", "idleWireBytesPerUserHour"],
  ["With TCP/IP", "idleIpBytesPerUserHour"],
  ["Packets", "idlePacketsPerUserHour"],
  ["Radio wake-ups", "idleWakeUpsPerUserHour"],
  ["Server CPU", "idleServerCpuMsPerUserHour"],
];

const shown = (view: CellView, metric: MetricName): string => {
  const value = middleOf(view, metric);
  return value === undefined ? "–" : formatQuantity(value, metricNamed(metric).unit);
};

/** When the last of the users was given up; of all for whom nobody noticed there is no such time. */
function noticed(view: CellView, side: "server" | "client"): string {
  const unaware = middleOf(view, `${side}NeverNoticedShare`);
  if (unaware === 1) return "never";
  return shown(view, `${side}NoticesAfterMs`);
}

const every = ({ cell: { parameters } }: CellView): string => String(parameters.settings.usualInterval ?? "–");

/** Where the intervals come from, each once. */
const sourcesOf = (cells: readonly CellView[]): string[] =>
  cells.flatMap(({ target, cell: { parameters } }) => {
    const from = parameters.settings.usualIntervalFrom;
    return from === undefined
      ? []
      : [`**${escapeText(target.title)}**, every ${parameters.settings.usualInterval}: ${escapeText(String(from))}.`];
  });

/** What an idle hour costs, and who notices that the way is gone. */
export const idleHourSection: OwnSection = {
  experiments: ["idle-hour"],
  replaces: true,
  write(_view, { cells }) {
    const measured = cells.filter(({ cell }) => cell.state === "measured");
    if (measured.length === 0) return undefined;
    const table = renderMarkdownTable({
      columns: [
        left("Target"),
        right("Every"),
        ...columns.map(([title]) => right(title)),
        right("Server notices"),
        right("Client notices"),
      ],
      rows: measured.map((view) => [
        escapeText([view.target.title, view.cell.variant ?? []].flat().join(", ")),
        every(view),
        ...columns.map(([, metric]) => shown(view, metric)),
        noticed(view, "server"),
        noticed(view, "client"),
      ]),
    });
    const markdown = blocks(
      "A user who is connected and says nothing, for an hour, and a way that goes silent while both ends of the connection stay open. **No hour was waited for**: what one heartbeat takes is counted at intervals of milliseconds, and an hour is as many as it has intervals of the length that is usual.",
      table,
      bullets([
        "**A heartbeat** is one with its answer, above TCP, both ways, TLS included. **With TCP/IP** it is what a bill counts: 40 B more for each of its packets, acknowledgements among them.",
        "**Radio wake-ups**: a phone's radio stays awake for seconds after each packet, so that how often costs more battery than how much.",
        "**Notices**: until the last of the users was given up, at the usual interval. **Never** is while the trial lasted, and for TCP it is for good: who sends nothing learns nothing. What is sent, a comment for one, is tried again for about 15 minutes (Linux, `tcp_retries2`) before the kernel gives up.",
        "The interval decides before the protocol does, and is the application's to choose: compare a heartbeat with a heartbeat. Polls come at that interval here, whatever `+poll-interval` says.",
        ...sourcesOf(measured),
      ]),
    );
    return { markdown, charts: [] };
  },
};
