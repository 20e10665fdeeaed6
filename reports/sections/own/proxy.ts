import { completeTrials, measured } from "../../../results/contract/cells.ts";
import { type MetricName, metricNamed } from "../../../results/metrics/metrics.ts";
import { formatQuantity } from "../../../results/quantities/format.ts";
import { type WayFindings, wayFindingsOf, wayProbes } from "../../../results/recording/way-findings.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import { left, renderMarkdownTable, right } from "../../text/table.ts";
import { middleOf } from "../../view/shown-estimate.ts";
import type { CellView } from "../../view/view.ts";
import { capitalised } from "../section.ts";
import type { OwnSection } from "./own-section.ts";

interface Row {
  readonly view: CellView;
  readonly findings: WayFindings;
}

/** What a setting does, chance does not decide: the last trial stands for all. */
const rowsOf = (cells: readonly CellView[]): Row[] =>
  cells.flatMap((view) => {
    const cell = measured(view.cell);
    const trial = cell && completeTrials(cell).at(-1);
    return trial === undefined ? [] : [{ view, findings: wayFindingsOf(trial) }];
  });

const shown = (view: CellView, metric: MetricName): string => {
  const value = middleOf(view, metric);
  return value === undefined ? "–" : formatQuantity(value, metricNamed(metric).unit);
};

const code = (text: string): string => `\`${text}\``;

function asShipped({ view, findings: { found } }: Row): string {
  if (found.get("shipped-message")?.outcome !== "works") return "**carries nothing**";
  if (found.get("shipped-event")?.outcome === "works") return "carries it";
  return `**holds events up**, ${shown(view, "shippedEventSoonestMs")}`;
}

/** With what is shipped: the trial itself had a part of it. */
function afterSilence({ view, findings: { found } }: Row): string {
  const { silenceMsAsShipped } = view.cell.parameters.settings;
  const silence = found.get("shipped-silence");
  if (silence === undefined || silenceMsAsShipped === undefined) return "–";
  return silence.outcome === "works" ? "nothing" : `cut after ${Number(silenceMsAsShipped) / 1000} s`;
}

/** Whether it comes often enough by what is shipped. */
function usualHeartbeat({ view, findings: { found } }: Row): string {
  const { usualHeartbeatMs } = view.cell.parameters.settings;
  const heartbeat = found.get("usual-heartbeat");
  if (heartbeat === undefined || usualHeartbeatMs === undefined) return "–";
  return `${Number(usualHeartbeatMs) / 1000} s, ${heartbeat.outcome === "works" ? "enough" : "**not enough**"}`;
}

const needs = ({ findings: { settings }, view }: Row): string => {
  if (settings.length > 0) return settings.map(({ name }) => code(name)).join(", ");
  return middleOf(view, "proxySettingsNeeded") === 0 ? "nothing" : "–";
};

/** What each protocol needs configured in each proxy, found by trying. */
export const proxySection: OwnSection = {
  experiments: ["proxy"],
  replaces: true,
  write(_view, { cells }) {
    const rows = rowsOf(cells);
    if (rows.length === 0) return undefined;
    const matrix = renderMarkdownTable({
      columns: [
        ...["Target", "Proxy", "As shipped", "Silence, once it carries", "Usual heartbeat", "Needs"].map(left),
        ...["With heartbeats", "p50 direct", "p50 by the proxy", "Proxy CPU per echo"].map(right),
      ],
      rows: rows.map((row) => [
        escapeText(row.view.target.title),
        escapeText(row.view.cell.variant ?? ""),
        asShipped(row),
        afterSilence(row),
        usualHeartbeat(row),
        needs(row),
        shown(row.view, "proxySettingsNeededWithHeartbeat"),
        shown(row.view, "directP50Us"),
        shown(row.view, "proxiedP50Us"),
        shown(row.view, "proxyCpuUsPerMessage"),
      ]),
    });
    const markdown = blocks(
      "The same server, direct and through a proxy with what Debian ships, with every combination of the settings in question. **Needs** is the smallest combination by which a message and its echo pass, an event is there at once and silence longer than the shipped time-out is outlived; **with heartbeats**, how many settings it takes where the application sends some more often than that.",
      matrix,
      bullets([
        "**Silence, once it carries**, ends by the time-out that is shipped. In the trial it was a fiftieth of that, so that nobody waited for a minute; polls end before it does. The **usual heartbeat** of the protocol's own, which is the time for which a request is held where requests are, was tried by what is shipped (what it needs to carry anything added), a fiftieth as long too.",
        "A smallest combination is not the only one, nor always what a manual says: settings stand in for each other (nginx passes the chunks of an HTTP/1.1 response on without `proxy_buffering off`), and a server may be content with less than its specification asks for. What the manuals say was tried as well; it is in the predictions.",
        "Over **TLS** it ends at the proxy, which has a certificate on every way, and with it HTTP/2 does; the server behind speaks HTTP/1.1, or its own protocol, in clear. Tried are the combinations of the settings that are documented for it then. The direct way is to a server that ends TLS itself, so its delays are also those of another TLS library.",
        "Delays are of one message at a time, direct and by the proxy in turn, on loopback. CPU is mostly that of waking up.",
      ]),
      "#### What was tried, and what came of it",
      ...rows.map(evidenceOf),
    );
    return { markdown, charts: [] };
  },
};

function evidenceOf({ view, findings: { found, settings } }: Row): string {
  const name = `**${escapeText(view.target.title)}, ${escapeText(view.cell.variant ?? "")}**`;
  return blocks(
    name,
    bullets([
      ...[...found].map(
        ([probe, { outcome, evidence }]) =>
          `${capitalised(wayProbes[probe])}: ${outcome === "works" ? "works" : "**does not work**"}; ${escapeText(evidence)}`,
      ),
      ...settings.map(({ name: setting, without }) => `Without ${code(setting)}: ${escapeText(without)}`),
    ]),
  );
}
