import type { Capture } from "../../../results/contract/capture.ts";
import { completeTrials } from "../../../results/contract/cells.ts";
import { type MetricName, metricNamed } from "../../../results/metrics/metrics.ts";
import { formatQuantity, plural } from "../../../results/quantities/format.ts";
import { showCharts } from "../../charts/chart.ts";
import { overParameterChart, type ParameterFigure } from "../../charts/over-parameter.ts";
import { hexDump } from "../../text/hex-dump.ts";
import { blocks, bullets, codeBlock, escapeText } from "../../text/markdown.ts";
import { left, renderMarkdownTable, right } from "../../text/table.ts";
import { middleOf } from "../../view/shown-estimate.ts";
import type { CellView } from "../../view/view.ts";
import { capitalised } from "../section.ts";
import type { OwnSection } from "./own-section.ts";

const formOf = ({ cell: { parameters } }: CellView): string => String(parameters.settings.form ?? "");

const figure = (file: string, title: string, metric: MetricName): ParameterFigure => ({
  file,
  title,
  metric,
  over: "payload in bytes, logarithmic",
  at: ({ cell }) => cell.parameters.payloadBytes,
  panel: formOf,
});

const figures = [
  figure("wire-up.svg", "What is sent for a byte of payload?", "upWireOverPayloadRatio"),
  figure("wire-down.svg", "What is received for a byte of payload?", "downWireOverPayloadRatio"),
];

/** With each the way up, and the way down. */
const columns: readonly (readonly [title: string, up: MetricName, down: MetricName])[] = [
  ["Framing", "upFramingBytes", "downFramingBytes"],
  ["HTTP", "upHttpBytes", "downHttpBytes"],
  ["TLS", "upTlsBytes", "downTlsBytes"],
  ["TCP/IP", "upTcpIpBytes", "downTcpIpBytes"],
  ["On the wire", "upWireBytes", "downWireBytes"],
  ["Over payload", "upWireOverPayloadRatio", "downWireOverPayloadRatio"],
];

const shown = (view: CellView, metric: MetricName): string => {
  const value = middleOf(view, metric);
  return value === undefined ? "–" : formatQuantity(value, metricNamed(metric).unit);
};

/** Of a form, the smallest, the middle and the largest payload: the figures have the others. */
function tableOf(cells: readonly CellView[]): string {
  const sizes = [...new Set(cells.map(({ cell }) => cell.parameters.payloadBytes))].sort((a, b) => a - b);
  const told = new Set([sizes[0], sizes[Math.floor((sizes.length - 1) / 2)], sizes.at(-1)]);
  return renderMarkdownTable({
    columns: [left("Target"), right("Payload"), ...columns.map(([title]) => right(title))],
    rows: cells
      .filter(({ cell }) => cell.state === "measured" && told.has(cell.parameters.payloadBytes))
      .map((view) => [
        escapeText(view.target.title),
        formatQuantity(view.cell.parameters.payloadBytes, "bytes"),
        ...columns.map(([, up, down]) => `${shown(view, up)} / ${shown(view, down)}`),
      ]),
  });
}

/** Where each byte of a message and its echo goes, and the bytes themselves. */
export const wireSection: OwnSection = {
  experiments: ["wire"],
  replaces: true,
  write(_view, experiment) {
    const { cells } = experiment;
    if (!cells.some(({ cell }) => cell.state === "measured")) return undefined;
    const charts = figures.flatMap((one) => overParameterChart(experiment, one) ?? []);
    const markdown = blocks(
      "One message and its echo at a time, heard by a tap between client and server: bytes to the server / bytes from it. What a request and its answer take is in both, whichever of them carries the payload.",
      ...[...Map.groupBy(cells, formOf)].map(([form, own]) => blocks(`#### ${capitalised(form)}`, tableOf(own))),
      showCharts(charts),
      bullets([
        "**Framing** is what the protocol puts around a payload: headers and masks (RFC 6455), events and their chunks (WHATWG HTML 9.2, RFC 9112), JSON, stanzas, and what base64 adds. On our own servers it is predicted to the byte.",
        "**HTTP** is the heads of requests and responses, as the clients here send them; a browser's are several hundred bytes longer.",
        "**TLS** is 22 B for each record of TLS 1.3 (RFC 8446 section 5.2). What is inside cannot be told apart from outside, so framing and HTTP of HTTP over TLS are not told: without TLS they are the same.",
        "**TCP/IP** is arithmetic, not heard: 40 B for each segment (20 IPv4, RFC 791; 20 TCP, RFC 9293; no options), of as few segments of 1,460 B (an Ethernet frame's 1,500 B less those 40) as carry that much. Acknowledgements without data, 40 B each, are left out. On loopback itself segments are larger.",
        "Polls by the clock that find nothing are no message's; the one that brings the echo is counted.",
      ]),
      ...dumpsOf(cells),
    );
    return { markdown, charts };
  },
};

/** Folded, target by target. */
function dumpsOf(cells: readonly CellView[]): string[] {
  const captured = cells.flatMap((view) => {
    const captures = view.cell.state === "measured" ? (completeTrials(view.cell)[0]?.captures ?? []) : [];
    return captures.length === 0 ? [] : [{ view, captures }];
  });
  if (captured.length === 0) return [];
  const [{ view: first }] = captured as [(typeof captured)[number]];
  const size = formatQuantity(first.cell.parameters.payloadBytes, "bytes");
  return [
    `#### The bytes themselves\n\nOf one message of ${size} and its echo, as they were heard, with what they are. Asterisks stand for the id of a session.`,
    ...[...Map.groupBy(captured, ({ view }) => view.target.title)].map(([title, own]) =>
      blocks(
        `<details>\n<summary>${escapeText(title)}</summary>`,
        ...own.map(({ view, captures }) =>
          blocks(`**${capitalised(formOf(view))}**`, codeBlock("text", captures.map(dumpOf).join("\n\n"))),
        ),
        "</details>",
      ),
    ),
  ];
}

const dumpOf = ({ connection, direction, parts }: Capture): string =>
  [
    `${direction === "up" ? "to the server" : "from the server"}, connection ${connection}`,
    ...parts.flatMap(({ layer, what, hex, bytes }) => [
      `  ${layer}: ${what}, ${plural(bytes, "byte")}`,
      ...hexDump(hex).map((line) => `    ${line}`),
      ...(hex.length < 2 * bytes ? ["    ..."] : []),
    ]),
  ].join("\n");
