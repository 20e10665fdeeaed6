/** On real processes and sockets. Needs /proc. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import type { Trial } from "../../results/contract/results.ts";
import { metricNamed } from "../../results/metrics/metrics.ts";
import { scenarioNamed } from "../experiments/scenarios.ts";
import { parseTarget } from "../targets/target.ts";
import { runIdleTrial } from "./idle-trial.ts";
import { type CellPlan, planCells, presets, type RunSettings } from "./plan.ts";
import { runTrial } from "./trial.ts";

const settings: RunSettings = { ...presets.quick, idleConnections: 20, idleMs: 500, pollIntervalMs: 50, settleMs: 20 };
const options = { trial: 1, seed: 1, signal: new AbortController().signal };

const cell = (target: string, scenario: string, change: Partial<RunSettings> = {}): CellPlan =>
  planCells([parseTarget(target)], [scenarioNamed(scenario)], { ...settings, ...change })[0]!;

async function measured(plan: CellPlan): Promise<{ trial: Trial; read(metric: string): number | undefined }> {
  const outcome = await (plan.scenario.loadKind === "none" ? runIdleTrial : runTrial)(plan, options);
  assert.equal(outcome.failure, undefined);
  const { trial } = outcome;
  assert.equal(trial.state, "complete");
  return { trial, read: (metric) => metricNamed(metric).read(trial, plan.identity.parameters) };
}

/** A TCP server that somebody else wrote: sends back what it hears, and keeps so many bytes for each connection. */
async function foreignServer(t: TestContext, bytesPerConnection: number): Promise<string> {
  const code = `const kept = [];
    const server = require("node:net").createServer((socket) => {
      kept.push(Buffer.alloc(${bytesPerConnection}, 1));
      socket.on("error", () => {}).pipe(socket);
    });
    server.listen(0, "127.0.0.1", () => process.send(server.address().port));`;
  const server = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  t.after(() => server.kill("SIGKILL"));
  const [port] = await once(server, "message");
  return `tcp=tcp://127.0.0.1:${port}/`;
}

test("resting streams send nothing, and the memory of their server is read at each step", async () => {
  const { trial, read } = await measured(cell("websocket", "idle"));
  assert.deepEqual(
    trial.idle!.memory.map(({ connections }) => connections),
    [4, 8, 12, 16, 20],
  );
  assert.ok(trial.idle!.memory.every(({ serverBytes }) => serverBytes! > 1e6));
  assert.equal(trial.idle!.freshServer, true);
  assert.equal(read("idleWireBytesPerConnectionSecond"), 0);
  assert.ok(read("idleCpuUsPerConnectionSecond")! >= 0);
  assert.equal(read("lostMessages"), undefined);
});

test("users who poll keep wire and server busy while they rest", async () => {
  const { read } = await measured(cell("short-polling", "idle"));
  // Twenty polls a second of some hundred bytes each; a busy machine may skip some.
  assert.ok(read("idleWireBytesPerConnectionSecond")! > 500);
  const [polled, streamed] = [read, (await measured(cell("tcp", "idle"))).read].map((of) =>
    of("idleCpuUsPerConnectionSecond"),
  );
  assert.ok(polled! > 3 * streamed!, `${polled} us against ${streamed} us`);
});

test("a server that keeps 100 kB for each connection shows that slope", async (t) => {
  const target = await foreignServer(t, 100_000);
  const { trial, read } = await measured(cell(target, "idle", { idleConnections: 200 }));
  const slope = read("memoryBytesPerConnection")!;
  assert.ok(slope > 95_000 && slope < 140_000, `${slope} bytes`);
  assert.equal(trial.idle!.freshServer, false);
});

test("a server that somebody else started gets its CPU time per message, and what only it could tell is absent", async (t) => {
  const { trial, read } = await measured(cell(await foreignServer(t, 0), "throughput", { warmupMs: 50 }));
  const server = trial.windows[0]!.server!;
  assert.ok(server.cpuSource !== undefined && server.rssBytes! > 0);
  assert.equal(server.eventLoopUtilization, undefined);
  const flow = trial.windows[0]!.flows.roundTrip!;
  const received = (flow.achievedRatePerSecond * settings.durationMs) / 1000;
  assert.ok(Math.abs(server.messages / received - 1) < 0.2, `${server.messages} of ${received}`);
  assert.ok(read("serverCpuUsPerMessage")! > 0);
});

test("our own server is measured in the same way", async () => {
  const { trial, read } = await measured(cell("tcp", "throughput", { warmupMs: 50 }));
  const server = trial.windows[0]!.server!;
  assert.ok(server.cpuSource !== undefined);
  assert.ok(server.eventLoopUtilization! > 0);
  assert.ok(read("serverCpuUsPerMessage")! > 0);
});

test("an idle trial that is interrupted says so, and one whose server is not there says that", async () => {
  const stopped = await runIdleTrial(cell("tcp", "idle"), { ...options, signal: AbortSignal.abort() });
  assert.deepEqual([stopped.failure, stopped.trial.state], ["interrupted", "partial"]);
  const gone = "tcp=tcp://127.0.0.1:1/";
  assert.match((await runIdleTrial(cell(gone, "idle"), options)).failure!, /nothing listens at/);
});
