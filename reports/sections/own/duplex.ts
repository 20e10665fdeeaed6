import { showCharts } from "../../charts/chart.ts";
import { duplexChart } from "../../charts/duplex.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import type { TargetRow } from "../../view/view.ts";
import { capitalised, metricColumn, rowsThat, targetTable } from "../section.ts";
import { perTarget } from "./per-target.ts";

export const duplexSection = perTarget("duplex", (view, rows) => {
  const charts = [duplexChart(view)].filter((chart) => chart !== undefined);
  const direction = (flow: "uplink" | "downlink") =>
    targetTable(rows, [
      metricColumn("duplex", `${flow}AloneP50Us`, `${capitalised(flow)} alone p50`),
      metricColumn("duplex", `${flow}P50Us`, "together p50"),
      metricColumn("duplex", `${flow}InterferenceP50Ratio`, "interference"),
      metricColumn("duplex", `${flow}AloneP99Us`, "alone p99"),
      metricColumn("duplex", `${flow}P99Us`, "together p99"),
    ]);
  const requesting = rows.filter(({ info }) => info.uplink === "request");
  const markdown = blocks(
    "One-way messages, first in each direction alone, then in both at once, each direction at the offered rate. One-way delays need no echo: client and server run on one host and read the same clock.",
    direction("uplink"),
    direction("downlink"),
    showCharts(charts),
    "#### How to read this",
    bullets([
      "**Interference** is the delay with both directions busy over the delay alone, trial by trial. 1.0 means that the directions do not affect each other: true duplex. Above 1, a direction pays for the other's traffic. Below 1, the other traffic helped: a process that is awake already answers sooner than one that must be woken.",
      "Both directions share two processes and the machine's cores, so some interference is the cost of twice the messages, not of the protocol; the reference row shows how much.",
      ...(requesting.length > 0
        ? [
            `${escapeText(listNames(requesting))}: what the client sends travels in HTTP requests beside the downlink. An HTTP/1.1 connection answers its requests in order (RFC 9112 section 9.3.2), so an exchange occupies it until its answer is complete; messages that come meanwhile wait and go up together.`,
          ]
        : []),
      ...rowsThat(rows, "polled").map(
        (row) =>
          `${escapeText(row.name)}: the downlink waits for the next poll, like an answer in the echo experiment; the uplink does not, it is a request of its own.`,
      ),
    ]),
  );
  return { markdown, charts };
});

const listNames = (rows: readonly TargetRow[]): string => rows.map(({ name }) => name).join("; ");
