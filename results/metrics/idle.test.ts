/** How an idle cell reads, from its trials to the report. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { renderReport, renderSummary } from "../../reports/report.ts";
import {
  madeUpCell,
  madeUpParameters,
  madeUpResults,
  madeUpTrials,
  resultsOf,
  sixTargets,
} from "../../reports/testing.ts";
import type { MeasuredCell, Results } from "../contract/results.ts";
import { compareWithReference } from "../summary/comparison.ts";
import { summarise } from "../summary/summary.ts";
import { metricNamed } from "./metrics.ts";

const [tcp, websocket] = sixTargets.map((made, index) => ({ ...made, memoryBytes: 4096 * (index + 1) }));
const polling = sixTargets.find(({ pollIntervalMs }) => pollIntervalMs !== undefined)!;
const parameters = madeUpParameters("idle");
const idleResults = (targets: NonNullable<Parameters<typeof madeUpResults>[0]>): Results =>
  madeUpResults(targets, { scenarios: ["idle"] });
const sectionOf = async (results: Results): Promise<string> =>
  /## Idle[\s\S]*?(?=\n## )/.exec((await renderReport(results)).get("report.md")!)![0];

/** The cell with its memory falling by so much for each connection. */
function shrinking(cell: MeasuredCell): MeasuredCell {
  const trials = structuredClone(cell.trials);
  for (const trial of trials) {
    for (const point of trial.idle!.memory) point.serverBytes = 50_000_000 - point.connections * 1000;
  }
  return { ...cell, trials, summary: summarise(trials, parameters) };
}

describe("an idle cell", () => {
  it("gives memory as a slope, and cost per connection and second", () => {
    const [trial] = madeUpTrials("idle", { ...polling, memoryBytes: 20_000, spread: 0 }, 1);
    const read = (name: string) => metricNamed(name).read(trial!, parameters)!;
    assert.ok(Math.abs(read("memoryBytesPerConnection") - 20_000) < 1);
    assert.equal(read("idleWireBytesPerConnectionSecond"), 2700);
    assert.equal(read("idleCpuUsPerConnectionSecond"), 600.25);
  });

  it("has no slope where one reading is missing, or the counts are too few", () => {
    const [trial] = madeUpTrials("idle", websocket!, 1);
    const { read } = metricNamed("memoryBytesPerConnection");
    const gap = structuredClone(trial!);
    delete gap.idle!.memory[1]!.serverBytes;
    assert.equal(read(gap, parameters), undefined);
    const few = structuredClone(trial!);
    few.idle!.memory.pop();
    assert.equal(read(few, parameters), undefined);
  });

  it("with memory that falls has an interval and no ratio, and its report is whole", async () => {
    const falling = shrinking(madeUpCell("idle", websocket!) as MeasuredCell);
    assert.equal(Math.round(falling.summary.memoryBytesPerConnection!.value), -1000);
    const results = resultsOf([madeUpCell("idle", tcp!), falling]);
    assert.deepEqual(results.comparisons, []);
    const section = await sectionOf(results);
    assert.match(section, /\| WebSocket +\| +-0\.977 KiB \| +no rise \|/);
    assert.doesNotMatch(section, /NaN|Infinity|undefined/);
  });

  it("is compared with the reference, unless its server was not started for it", () => {
    const cells = [tcp!, websocket!].map((made) => madeUpCell("idle", made));
    const [comparison] = compareWithReference(cells, "tcp");
    assert.ok(Math.abs(comparison!.ratio.value - 2) < 0.01);
    const foreign = madeUpCell("idle", { ...websocket!, foreign: true });
    assert.deepEqual(compareWithReference([cells[0]!, foreign], "tcp"), []);
  });
});

describe("the idle section", () => {
  it("shows memory with its interval, what resting costs, and a chart", async () => {
    const results = idleResults([tcp!, websocket!, polling]);
    const section = await sectionOf(results);
    assert.match(section, /in steps \(50, 100, 150 and 200\)/);
    assert.match(section, /\| WebSocket +\| +8\.00 KiB \(7\.\d+–8\.\d+\) \| +2\.00× \(/);
    assert.match(section, /\| Short polling every 100 ms \| .*\| +2,700 B \|/);
    assert.match(section, /asks every 100 ms.*100,000 such users would keep 2,160 Mbit\/s busy/);
    assert.match(section, /Carried on to 100,000 connections, the lines give TCP 0\.4 GiB.*extrapolation/);
    const files = await renderReport(results);
    assert.deepEqual([...files.keys()], ["report.md", "memory.svg"]);
    for (const name of ["TCP", "WebSocket"]) assert.ok(files.get("memory.svg")!.includes(`>${name}<`));
  });

  it("says what a server that ran before cannot tell", async () => {
    const foreign = { ...websocket!, target: "websocket=ws://h/", protocol: "websocket", foreign: true };
    const section = await sectionOf(idleResults([tcp!, foreign]));
    assert.match(section, /\*\*websocket=ws:\/\/h\/\*\* ran before.*no ratio is told/);
  });

  it("does not count messages where none are sent", async () => {
    const report = (await renderReport(idleResults([tcp!]))).get("report.md")!;
    assert.doesNotMatch(report, /## Delivery ledger/);
    assert.match(renderSummary(idleResults([tcp!])), /^target +memory\nTCP +4\.00 KiB\n/);
  });
});
