import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Results } from "../../../results/contract/results.ts";
import { renderReport, renderSummary } from "../../report.ts";
import { type MadeUpTarget, madeUpCell, madeUpResults, resultsOf, sixTargets } from "../../testing.ts";

const [tcp, websocket] = sixTargets.map((made, index) => ({ ...made, memoryBytes: 4096 * (index + 1) }));
const polling = sixTargets.find(({ pollIntervalMs }) => pollIntervalMs !== undefined)!;
const idleResults = (targets: readonly MadeUpTarget[]): Results => madeUpResults(targets, { scenarios: ["idle"] });
const sectionOf = async (results: Results): Promise<string> =>
  /### Idle[\s\S]*?(?=\n##? )/.exec((await renderReport(results)).get("report.md")!)![0];

describe("the idle section", () => {
  it("shows memory with its interval, what an idle connection costs, and a chart", async () => {
    const results = idleResults([tcp!, websocket!, polling]);
    const section = await sectionOf(results);
    assert.match(section, /in steps \(50, 100, 150 and 200\)/);
    assert.match(section, /\| WebSocket +\| +8\.00 KiB \(7\.\d+–8\.\d+\) \| +2\.00× \(/);
    assert.match(section, /\| Short polling every 100 ms \| .*\| +600 µs .*\| +2,700 B \|/);
    assert.match(section, /asks every 100 ms.*100,000 such users would keep 2,160 Mbit\/s busy/);
    assert.match(section, /Carried on to 100,000 connections, the lines give TCP 0\.4 GiB.*extrapolation/);
    const files = await renderReport(results);
    assert.deepEqual([...files.keys()], ["report.md", "memory.svg"]);
    for (const name of ["TCP", "WebSocket"]) assert.ok(files.get("memory.svg")!.includes(`>${name}<`));
  });

  it("says what a server that ran before cannot tell", async () => {
    const foreign = { ...websocket!, target: "websocket=ws://h/", protocol: "websocket", foreign: true };
    const section = await sectionOf(idleResults([tcp!, foreign]));
    assert.match(section, /\*\*websocket=ws:\/\/h\/\*\* ran before.*is not reported/);
  });

  it("is whole where memory falls, without a ratio", async () => {
    const results = resultsOf([madeUpCell("idle", tcp!), madeUpCell("idle", { ...websocket!, memoryBytes: -1000 })]);
    assert.deepEqual(results.comparisons, []);
    const section = await sectionOf(results);
    assert.match(section, /\| WebSocket +\| +-0\.977 KiB .*\| +no rise \|/);
    assert.doesNotMatch(section, /NaN|Infinity|undefined/);
  });

  it("does not count messages where none are sent", async () => {
    const report = (await renderReport(idleResults([tcp!]))).get("report.md")!;
    assert.doesNotMatch(report, /## Delivery ledger/);
    assert.match(renderSummary(idleResults([tcp!])), /^target +KiB\nTCP +4\.00 █+$/m);
  });

  it("leaves variants of a target to the generic tables", async () => {
    const cell = madeUpCell("idle", tcp!);
    const section = await sectionOf(
      resultsOf([
        { ...cell, variant: "small" },
        { ...cell, variant: "large" },
      ]),
    );
    assert.doesNotMatch(section, /Largest residual/);
    assert.match(section, /Alike in small and large: memory per connection 4\.00 KiB/);
  });
});
