import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Cell, MeasuredCell, Results } from "../results/contract/results.ts";
import { renderReport } from "./report.ts";
import { type MadeUpTarget, madeUpCell, madeUpResults, resultsOf, sixTargets } from "./testing.ts";

const [tcp, websocket, sse] = sixTargets as [MadeUpTarget, MadeUpTarget, MadeUpTarget, ...MadeUpTarget[]];

async function reportOf(results: Results): Promise<string> {
  return (await renderReport(results)).get("report.md")!;
}

/** The line of a report that starts with this. */
const lineOf = (report: string, start: string): string =>
  report.split("\n").find((line) => line.startsWith(start)) ?? "";

const withState = (cell: Cell, state: "refused" | "not-run", reason: string): Cell => {
  const { target, protocol, scenario, parameters } = cell;
  return { target, protocol, scenario, parameters, state, reason };
};

describe("a report", () => {
  it("is the same for the same results", async () => {
    const results = madeUpResults();
    const again = JSON.parse(JSON.stringify(results));
    assert.deepEqual([...(await renderReport(results))], [...(await renderReport(again))]);
  });

  it("shows every chart it comes with, with words for it", async () => {
    const files = await renderReport(madeUpResults());
    const shown = [...files.get("report.md")!.matchAll(/^!\[(.{40,})\]\((.+\.svg)\)$/gm)].map(([, , file]) => file);
    assert.deepEqual(shown.sort(), [...files.keys()].filter((name) => name.endsWith(".svg")).sort());
    assert.equal(shown.length, 6);
  });

  it("names all targets, the poll interval of those that poll, and what was run", async () => {
    const report = await reportOf(madeUpResults());
    assert.match(report, /^# wirebench: TCP, WebSocket, SSE, Short polling every 100 ms, Long polling and XMPP$/m);
    assert.match(report, /^wirebench run$/m);
    for (const fact of [
      "quick, 7",
      "Example CPU, 8 cores, 16.0 GiB",
      "Node.js v24.0.0",
      "undici 7.0.0",
      "256 B, text",
    ]) {
      assert.ok(report.includes(fact), fact);
    }
    assert.match(report, /16 × 16 \/ 100 ms = 2,560\/s/);
  });

  it("says whose CPU time it shows, and what was encrypted or compressed", async () => {
    const plain = await reportOf(madeUpResults());
    assert.doesNotMatch(plain, /\(pid|encrypted/);
    const results = madeUpResults();
    const label = websocket.target;
    const observed = {
      processes: [12, 13].map((pid) => ({ pid, command: "beam.smp" })),
      tls: ["TLSv1.3 TLS_AES_128_GCM_SHA256"],
      tlsHandshakes: { full: 20, resumed: 0 },
      compression: ["gzip"],
    };
    const seen = (cell: Cell): Cell =>
      cell.target === label && cell.state === "measured"
        ? { ...cell, trials: cell.trials.map((trial) => ({ ...trial, observed })) }
        : cell;
    const report = await reportOf({
      ...results,
      targets: results.targets.map((target) =>
        target.label === label ? { ...target, system: { kind: "external", url: "wss://h/" } } : target,
      ),
      cells: results.cells.map(seen),
    });
    assert.match(report, /\*\*WebSocket\*\*: CPU of beam\.smp \(pid 12, 13\)\./);
    assert.match(
      report,
      /\*\*WebSocket\*\* is spoken through TLS, whose records are in the wire bytes: TLSv1\.3 TLS.*, no session resumed\. Nothing else is encrypted\./,
    );
    assert.match(
      report,
      /is compressed by the server although no client asks for it: gzip\. .*Nothing else is compressed\./,
    );
  });

  it("has no empty table cells and no leaked values", async () => {
    const report = await reportOf(madeUpResults());
    assert.doesNotMatch(report, /\| +\|/);
    assert.doesNotMatch(report, /undefined|NaN|Infinity|\[object|null/);
    assert.doesNotMatch(report, /(?<![\d.,])0(\.0+)? (ns|µs|ms|s)\b/);
  });

  it("marks lower bounds, and ratios to them, as such", async () => {
    const report = await reportOf(madeUpResults());
    assert.match(report, /≥ 60,000\/s \(54,400–66,300\)¹/);
    assert.match(report, /≤ 0\.833× /);
    assert.match(report, /¹ the load generator was the limit/);
  });

  it("prints no ratio of two bounds", async () => {
    const bound = { ...websocket, verdict: { throughput: "generator-bound" } } as const;
    const report = await reportOf(madeUpResults([tcp, bound]));
    assert.match(report, /no ratio: this rate or delay and that of the reference are both bounds/);
  });

  it("does not print the numbers of an invalid cell", async () => {
    const report = await reportOf(madeUpResults([tcp, { ...websocket, verdict: { echo: "invalid" } }]));
    const [, glance] = report.split("## All numbers at a glance");
    assert.match(glance!, /\| WebSocket +\| +invalid² \|/);
    assert.match(glance!, /² invalid: 7 of 1000 messages were lost/);
    assert.doesNotMatch(report, /153 µs/);
    assert.match(report, /^- WebSocket \(echo\): invalid: 7 of 1000 messages were lost$/m);
  });

  it("explains a missing percentile", async () => {
    const report = await reportOf(madeUpResults([tcp]));
    assert.match(report, /\| +–¹ \|/);
    assert.match(report, /¹ too few samples for this percentile/);
  });

  it("explains a missing CPU time of a server it did not start", async () => {
    const foreign = { ...websocket, target: "websocket=ws://127.0.0.1:9001/", protocol: "websocket", foreign: true };
    const report = await reportOf(madeUpResults([tcp, foreign], { scenarios: ["echo"] }));
    assert.match(report, /the CPU time of this server could not be seen/);
    assert.ok(lineOf(report, "# ").includes("websocket=ws://127.0.0.1:9001/"));
  });

  it("escapes what a user named", async () => {
    const nasty = { ...websocket, target: "websocket=ws://h/a|b`c`<i>*[x](y)", protocol: "websocket" };
    const report = await reportOf(madeUpResults([tcp, nasty]));
    assert.ok(report.includes("websocket=ws://h/a\\|b\\`c\\`\\<i>\\*\\[x\\](y)"));
    assert.doesNotMatch(report, /a\|b/);
    assert.doesNotMatch(report, /[^\\]<i>/);
  });

  it("says at the top that a run was interrupted", async () => {
    const report = await reportOf({ ...madeUpResults(), interrupted: true });
    assert.match(report.split("\n").slice(0, 4).join("\n"), /^> Interrupted: /m);
  });

  it("says at the top that the machine was busy", async () => {
    const results = structuredClone(madeUpResults());
    for (const cell of results.cells) {
      for (const window of (cell as MeasuredCell).trials[0]!.windows) window.measures.cpuWaitShare = 0.98;
    }
    assert.match(
      (await reportOf(results)).split("\n").slice(0, 4).join("\n"),
      /^> \*\*Machine busy\*\*: in 30 of 90 windows/m,
    );
  });
});

describe("the statements of a report", () => {
  it("give the orders that are decided, the best first", async () => {
    const report = await reportOf(madeUpResults());
    assert.equal(
      lineOf(report, "- p50"),
      "- p50: TCP \\< WebSocket \\< SSE \\< XMPP \\< Long polling \\< Short polling",
    );
    assert.equal(lineOf(report, "- rate"), "- rate: TCP, WebSocket > XMPP > SSE > Long polling > Short polling");
  });

  it("part equal from not told apart", async () => {
    const apart = [tcp, websocket, { ...sse, roundTripUs: 200 }];
    const latency = async (spread: number) =>
      lineOf(await reportOf(madeUpResults(apart.map((made) => ({ ...made, spread })))), "- p50");
    assert.match(await latency(0.04), /TCP \\< WebSocket \\< SSE$/);
    assert.equal(await latency(0.3), "");
    const close = { ...websocket, roundTripUs: 101 };
    const report = await reportOf(madeUpResults([tcp, close, sse]));
    assert.equal(lineOf(report, "- p50"), "- p50: TCP = WebSocket \\< SSE");
    assert.match(report, /\| [^|]*p50, echo +\| WebSocket +\| .* \| within 20 % +\|/);
  });

  it("do not exist for a single trial", async () => {
    const report = await reportOf(madeUpResults(sixTargets, { trials: 1 }));
    assert.match(report, /^- Nothing: one trial has no spread/m);
    assert.equal(lineOf(report, "- p50"), "");
    assert.doesNotMatch(report, /\d \(\d+(\.\d+)?–/);
    assert.match(report, /One trial has no interval, so none is printed/);
  });

  it("do not exist for two trials, which have no intervals either", async () => {
    const report = await reportOf(madeUpResults(sixTargets, { trials: 2 }));
    assert.match(report, /^- Nothing: 2 trials are too few to tell a difference from chance/m);
    assert.equal(lineOf(report, "- p50"), "");
    assert.doesNotMatch(report, /\d \(\d+(\.\d+)?–/);
  });

  it("call ratios by the name of a reference that is not the floor", async () => {
    const report = await reportOf(madeUpResults([websocket, sse]));
    assert.match(report, /× WebSocket/);
    assert.match(report, /^Ratios to WebSocket /m);
    assert.doesNotMatch(report, /× floor/);
  });
});

describe("a report of little", () => {
  it("covers one target without comparing it", async () => {
    const files = await renderReport(madeUpResults([websocket]));
    assert.match(files.get("report.md")!, /With one target there is nothing to compare/);
    assert.doesNotMatch(files.get("report.md")!, /× (floor|WebSocket)/);
    assert.equal(files.size, 7);
  });

  it("has the sections and charts of the experiments that were run", async () => {
    const files = await renderReport(madeUpResults(sixTargets, { scenarios: ["duplex"] }));
    assert.deepEqual([...files.keys()], ["report.md", "duplex.svg"]);
    assert.doesNotMatch(files.get("report.md")!, /## (Echo|Throughput|Cost|Idle|Capacity)/);
  });

  it("opens with at most a third of what stood before the first heading, and folds the rest", async () => {
    const report = await reportOf(madeUpResults(sixTargets, { scenarios: ["echo", "throughput", "duplex", "idle"] }));
    const [top, ...parts] = report.split(/^## /m);
    // 807 before there was a first screen.
    assert.ok((top!.match(/[^\s|]*[\p{L}\p{N}][^\s|]*/gu) ?? []).length <= 807 / 3);
    assert.ok(parts.length > 5);
    for (const part of parts)
      assert.match(part, /^.+\n\n<details>\n<summary>.+<\/summary>\n\n[\s\S]+\n\n<\/details>\n*$/);
  });

  it("covers cells that were not measured, each with its reason", async () => {
    const echo = madeUpCell("echo", websocket);
    const refused = withState(echo, "refused", "it fails a case | badly");
    const notRun = withState(madeUpCell("duplex", websocket), "not-run", "the run ended before");
    const { state: _s, validity: _v, summary: _m, ...rest } = madeUpCell("throughput", websocket) as MeasuredCell;
    const failed: Cell = { ...rest, state: "failed", reason: "the server exited" };
    const files = await renderReport(resultsOf([refused, failed, notRun]));
    const report = files.get("report.md")!;
    assert.deepEqual([...files.keys()], ["report.md"]);
    assert.match(report, /^> Nothing was measured\.$/m);
    assert.match(report, /\*\*WebSocket, echo\*\*: refused: it fails a case \\\| badly/);
    assert.match(report, /\*\*WebSocket, throughput\*\*: failed: the server exited/);
    assert.match(report, /\*\*WebSocket, duplex\*\*: not-run: the run ended before/);
    assert.match(report, /\| failed +\|/);
  });

  it("shows how each real server was set up, folded, with its version", async () => {
    const results = madeUpResults();
    const { components } = results.environment;
    const report = await reportOf({
      ...results,
      environment: { ...results.environment, components: { ...components, prosody: "0.12.3" } },
      servers: [{ name: "prosody", configuration: "-- no `limits`\nc2s_ports = { PORT1 }" }],
    });
    const [, part] = report.split("## How the servers were set up\n\n<details>");
    assert.match(part!, /^### prosody 0\.12\.3\n\n```\n-- no `limits`\nc2s_ports = \{ PORT1 \}\n```$/m);
    assert.doesNotMatch(await reportOf(results), /servers were set up/);
  });

  it("is written even of no cells at all", async () => {
    assert.match(await reportOf(resultsOf([])), /^# wirebench: nothing measured/);
  });

  it("keeps partial trials out of its statements and says that it does", async () => {
    const results = structuredClone(madeUpResults([tcp, websocket]));
    const cell = results.cells.find(({ target }) => target === "websocket") as MeasuredCell;
    for (const trial of cell.trials.slice(1)) trial.state = "partial";
    const report = await reportOf(results);
    assert.equal(lineOf(report, "- p50"), "");
    assert.match(report, /2 trials cut short: kept in results\.json, not summarised/);
  });
});

describe("the delivery ledger", () => {
  it("adds up all trials, since a median would hide one that lost", async () => {
    const results = structuredClone(madeUpResults([tcp], { scenarios: ["echo"] }));
    const cell = results.cells[0] as MeasuredCell;
    cell.trials[1]!.windows[0]!.measures.roundTripLostMessages = 5;
    const [, ledger] = (await reportOf(results)).split("## Delivery ledger");
    assert.match(ledger!, /\| TCP +\| echo +\| +3 \| +3,000 \| +3,000 \| +5 \| +0 \|/);
  });
});
