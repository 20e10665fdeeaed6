import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Parser } from "@xmpp/xml";
import { renderReport } from "../report.ts";
import { type MadeUpTarget, madeUpResults, resultsOf, sixTargets } from "../testing.ts";
import { logScale } from "./axes.ts";

const chartFiles = ["bytes", "cpu", "duplex", "echo-latency", "echo-percentiles", "throughput"].map(
  (name) => `${name}.svg`,
);

async function chartsOf(targets: readonly MadeUpTarget[]): Promise<[string, string][]> {
  return [...(await renderReport(madeUpResults(targets)))].filter(([name]) => name.endsWith(".svg"));
}

/** Whether the text is one XML element whose tags match. */
function isWellFormed(xml: string): boolean {
  let ended = false;
  const parser = new Parser();
  parser.on("end", () => {
    ended = true;
  });
  parser.on("error", (error) => {
    throw error;
  });
  parser.write(xml);
  return ended;
}

const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

describe("charts", () => {
  it("are well-formed and name every target", async () => {
    const charts = await chartsOf(sixTargets);
    assert.deepEqual(charts.map(([name]) => name).sort(), chartFiles);
    for (const [file, svg] of charts) {
      assert.ok(isWellFormed(svg), file);
      for (const name of ["TCP", "WebSocket", "SSE", "Short polling every 100 ms", "Long polling", "XMPP"]) {
        assert.ok(svg.includes(`>${name}<`), `${file} lacks ${name}`);
      }
      assert.doesNotMatch(svg, /NaN|undefined|Infinity/, file);
    }
  });

  it("are readable: on white, and with no text below 12 pixels", async () => {
    for (const [file, svg] of await chartsOf(sixTargets)) {
      assert.match(svg, /fill="white"/, file);
      const sizes = [...svg.matchAll(/font-size="(\d+)px"/g)].map(([, size]) => Number(size));
      assert.ok(sizes.length > 0 && Math.min(...sizes) >= 12, file);
    }
  });

  it("escape what a user named", async () => {
    const target = `websocket=ws://h/<script>&"'`;
    for (const [file, svg] of await chartsOf([sixTargets[0]!, { ...sixTargets[1]!, target, protocol: "websocket" }])) {
      assert.ok(isWellFormed(svg), file);
      assert.ok(svg.includes(`>${escaped(target)}<`), file);
      assert.doesNotMatch(svg, /<script/, file);
    }
  });

  it("leave out what is invalid", async () => {
    const invalid = { ...sixTargets[1]!, verdict: { echo: "invalid" } } as const;
    for (const [file, svg] of await chartsOf([sixTargets[0]!, invalid])) {
      assert.equal(svg.includes(">WebSocket<"), ["cpu.svg", "duplex.svg", "throughput.svg"].includes(file), file);
    }
  });

  it("are not drawn without data", async () => {
    assert.deepEqual([...(await renderReport(resultsOf([]))).keys()], ["report.md"]);
  });
});

describe("logarithmic scales", () => {
  it("end on marks around the values, no more than asked for", () => {
    assert.deepEqual(logScale([120, 900], 8).ticks, [100, 200, 500, 1000]);
    assert.deepEqual(logScale([120, 90_000], 8).ticks, [100, 300, 1000, 3000, 10_000, 30_000, 100_000]);
    assert.deepEqual(logScale([120, 90_000], 5).domain, [100, 100_000]);
  });

  it("have room around a single value", () => {
    assert.deepEqual(logScale([100], 8).ticks, [100, 200]);
    assert.deepEqual(logScale([0.05], 8).ticks, [0.05, 0.1]);
  });
});
