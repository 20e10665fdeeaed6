import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MeasuredCell } from "../../results/contract/results.ts";
import { renderReport } from "../report.ts";
import { type MadeUpTarget, madeUpResults, resultsOf, sixTargets } from "../testing.ts";
import { logScale } from "./axes.ts";
import { ground, ink, onDark, palette, quietInk } from "./colours.ts";
import { assertReadable } from "./testing.ts";

const chartFiles = ["bytes", "cpu", "duplex", "echo-latency", "echo-percentiles", "throughput"].map(
  (name) => `${name}.svg`,
);

async function chartsOf(targets: readonly MadeUpTarget[]): Promise<[string, string][]> {
  return [...(await renderReport(madeUpResults(targets)))].filter(([name]) => name.endsWith(".svg"));
}

/** How far down a text is drawn. */
const heightOf = (svg: string, text: string): number =>
  Number(new RegExp(`translate\\([-\\d.]+,([-\\d.]+)\\)"[^>]*>${text}<`).exec(svg)![1]);

/** WCAG 2.2, relative luminance and contrast ratio. */
function contrast(a: string, b: string): number {
  const [light, dark] = [a, b].map(luminance).toSorted((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

describe("charts", () => {
  it("are readable on a telephone and in the dark, and name every target", async () => {
    const charts = await chartsOf(sixTargets);
    assert.deepEqual(charts.map(([name]) => name).sort(), chartFiles);
    for (const [file, svg] of charts) {
      assertReadable(file, svg);
      for (const name of ["TCP", "WebSocket", "SSE", "Short polling every 100 ms", "Long polling", "XMPP"]) {
        assert.ok(svg.includes(`>${name}<`), `${file} lacks ${name}`);
      }
    }
  });

  it("set the targets in the order of the number they show", async () => {
    const charts = new Map(await chartsOf(sixTargets));
    const lowestFirst = ["TCP", "WebSocket", "SSE", "XMPP", "Long polling", "Short polling every 100 ms"];
    const orderIn = (svg: string) => lowestFirst.toSorted((a, b) => heightOf(svg, a) - heightOf(svg, b));
    assert.deepEqual(orderIn(charts.get("echo-latency.svg")!), lowestFirst);
    const highestFirst = ["TCP", "WebSocket", "XMPP", "SSE", "Long polling", "Short polling every 100 ms"];
    assert.deepEqual(orderIn(charts.get("throughput.svg")!), highestFirst);
  });

  it("draw open what a bracket leaves open, and an arrow where its other end is unknown", async () => {
    const results = structuredClone(madeUpResults(sixTargets, { scenarios: ["throughput"] }));
    const throughput = async () => (await renderReport(results)).get("throughput.svg")!;
    assert.match(await throughput(), />arrow: a lower bound<|>.*; arrow: a lower bound</);
    const [tcp] = results.cells as [MeasuredCell];
    Object.assign(tcp.summary.achievedRatePerSecond!, { upTo: 90_000 });
    const svg = await throughput();
    assert.match(svg, />60,000\/s to 90,000\/s</);
    assert.match(svg, /open: the truth lies in there/);
    assert.doesNotMatch(svg, /arrow/);
  });

  it("have colours that stand out from the ground, light or dark", () => {
    for (const colour of [...palette, ink, quietInk]) {
      const needed = colour === ink || colour === quietInk ? 4.5 : 3;
      assert.ok(contrast(colour, ground) >= needed, `${colour}: ${contrast(colour, ground)}`);
      const dark = onDark[colour]!;
      assert.ok(contrast(dark, onDark[ground]!) >= needed, `${dark}: ${contrast(dark, onDark[ground]!)}`);
    }
  });

  it("escape what a user named", async () => {
    const target = `websocket=ws://h/<script>&"'`;
    for (const [file, svg] of await chartsOf([sixTargets[0]!, { ...sixTargets[1]!, target, protocol: "websocket" }])) {
      assertReadable(file, svg);
      // Beside long numbers a long name is cut.
      assert.ok(svg.includes(`>${escaped(target.slice(0, 18))}`), file);
      assert.doesNotMatch(svg, /<script/, file);
    }
  });

  it("leave out what is invalid", async () => {
    const invalid = { ...sixTargets[1]!, verdict: { echo: "invalid" } } as const;
    for (const [file, svg] of await chartsOf([sixTargets[0]!, invalid])) {
      assert.equal(svg.includes(">WebSocket<"), ["duplex.svg", "throughput.svg"].includes(file), file);
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
