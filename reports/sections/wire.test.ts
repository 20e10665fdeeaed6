import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Capture } from "../../results/contract/capture.ts";
import type { Cell } from "../../results/contract/results.ts";
import { summarise } from "../../results/summary/summary.ts";
import { assertReadable } from "../charts/testing.ts";
import { renderReport } from "../report.ts";
import { cellOf, resultsOf, sixTargets, trialWith } from "../testing.ts";
import { hexDump } from "../text/hex-dump.ts";

const captures: Capture[] = [
  {
    connection: 1,
    direction: "up",
    parts: [
      { layer: "framing", what: "frame header", hex: "8182", bytes: 2 },
      { layer: "payload", what: "payload, masked", hex: "3c62", bytes: 4096 },
    ],
  },
];

function cell(form: string, payloadBytes: number): Cell {
  const measures = {
    upFramingBytes: 6,
    downFramingBytes: 2,
    upTcpIpBytes: 40,
    downTcpIpBytes: 40,
    upWireBytes: payloadBytes + 46,
    downWireBytes: payloadBytes + 42,
    upWireOverPayloadRatio: 1 + 46 / payloadBytes,
    downWireOverPayloadRatio: 1 + 42 / payloadBytes,
  };
  const trials = [1, 2, 3].map((trial) => trialWith({ trial, measures, ...(payloadBytes === 40 && { captures }) }));
  const made = cellOf("wire", sixTargets[1]!, trials);
  const parameters = { ...made.parameters, payloadBytes, settings: { form } };
  return { ...made, variant: `${form}, ${payloadBytes} B`, parameters, ...summarise(trials) } as Cell;
}

const report = () =>
  renderReport({
    ...resultsOf(["text", "binary"].flatMap((form) => [40, 1024, 65_536].map((bytes) => cell(form, bytes)))),
    experiments: [{ name: "wire", group: "cost", title: "Bytes on the wire", question: "?" }],
  });

describe("the section of bytes on the wire", () => {
  it("tells both ways of every layer in one row, and leaves out what was not told", async () => {
    const markdown = (await report()).get("report.md")!;
    assert.match(
      markdown,
      /\| WebSocket +\| +40 B \| +6 B \/ 2 B \| +– \/ – \| +– \/ – \| +40 B \/ 40 B \| +86 B \/ 82 B \| +2\.15× \/ 2\.05× \|/,
    );
  });

  it("draws what a byte costs over the size of the payload", async () => {
    const files = await report();
    for (const file of ["wire-up.svg", "wire-down.svg"]) assertReadable(file, files.get(file)!);
  });

  it("shows the bytes themselves, folded, and says where they go on", async () => {
    const markdown = (await report()).get("report.md")!;
    assert.match(markdown, /<summary>WebSocket<\/summary>/);
    assert.match(markdown, /framing: frame header, 2 bytes\n +81 82 +\.\.\n/);
    assert.match(markdown, /payload: payload, masked, 4,096 bytes\n +3c 62 +<b\n +\.\.\./);
  });
});

describe("a dump of bytes", () => {
  it("has sixteen a line, and letters for those that are ASCII", () => {
    const lines = hexDump(Buffer.from("GET / HTTP/1.1\r\nHost").toString("hex"));
    assert.deepEqual(lines, [
      "47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a  GET / HTTP/1.1..",
      `48 6f 73 74${" ".repeat(36)}  Host`,
    ]);
  });
});
