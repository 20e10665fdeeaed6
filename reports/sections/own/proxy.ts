import { wayProbes } from "../../../results/recording/way-findings.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import { type Column, left, renderMarkdownTable, right } from "../../text/table.ts";
import { asShipped, middleInWords, type ProxyRow, proxyRowsOf, settingsNeeded } from "../../view/proxy.ts";
import { capitalised } from "../section.ts";
import type { OwnSection } from "./own-section.ts";

const code = (text: string): string => `\`${text}\``;

function shippedInWords(row: ProxyRow): string {
  const words = asShipped(row);
  if (words === "carries it") return words;
  return `**${words}**${words === "holds events up" ? `, ${middleInWords(row.view, "shippedEventSoonestMs")}` : ""}`;
}

/** With what is shipped: the trial itself had a part of it. */
function afterSilence({ view, findings: { found } }: ProxyRow): string {
  const { silenceMsAsShipped } = view.cell.parameters.settings;
  const silence = found.get("shipped-silence");
  if (silence === undefined || silenceMsAsShipped === undefined) return "–";
  return silence.outcome === "works" ? "nothing" : `cut after ${Number(silenceMsAsShipped) / 1000} s`;
}

/** Whether it comes often enough by what is shipped. */
function usualHeartbeat({ view, findings: { found } }: ProxyRow): string {
  const { usualHeartbeatMs } = view.cell.parameters.settings;
  const heartbeat = found.get("usual-heartbeat");
  if (heartbeat === undefined || usualHeartbeatMs === undefined) return "–";
  return `${Number(usualHeartbeatMs) / 1000} s, ${heartbeat.outcome === "works" ? "enough" : "**not enough**"}`;
}

function needs(row: ProxyRow): string {
  const settings = settingsNeeded(row);
  if (settings === undefined) return "–";
  return settings.length === 0 ? "nothing" : settings.map(code).join(", ");
}

/** What each protocol needs configured in each proxy, found by trying. */
export const proxySection: OwnSection = {
  experiments: ["proxy"],
  replaces: true,
  write(_view, { cells }) {
    const rows = proxyRowsOf(cells);
    if (rows.length === 0) return undefined;
    const table = (columns: readonly Column[], show: (row: ProxyRow) => readonly string[]): string =>
      renderMarkdownTable({
        columns: [left("Target"), left("Proxy"), ...columns],
        rows: rows.map((row) => [
          escapeText(row.view.target.title),
          escapeText(row.view.cell.variant ?? ""),
          ...show(row),
        ]),
      });
    const needed = table([left("As shipped"), left("Needs"), right("With heartbeats")], (row) => [
      shippedInWords(row),
      needs(row),
      middleInWords(row.view, "proxySettingsNeededWithHeartbeat"),
    ]);
    const times = table(
      [
        ...["Silence, once it carries", "Usual heartbeat"].map(left),
        ...["p50 direct", "p50 by the proxy", "Proxy CPU per echo"].map(right),
      ],
      (row) => [
        afterSilence(row),
        usualHeartbeat(row),
        middleInWords(row.view, "directP50Us"),
        middleInWords(row.view, "proxiedP50Us"),
        middleInWords(row.view, "proxyCpuUsPerMessage"),
      ],
    );
    const markdown = blocks(
      "The same server, direct and through a proxy with what Debian ships, with every combination of the settings in question. **Needs** is the smallest combination by which a message and its echo pass, an event is there at once and silence longer than the shipped time-out is outlived; **with heartbeats**, how many settings it takes where the application sends some more often than that.",
      needed,
      times,
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

function evidenceOf({ view, findings: { found, settings } }: ProxyRow): string {
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
