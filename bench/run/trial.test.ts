/** On real processes and sockets. Needs /proc. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import type { Trial } from "../../results/contract/results.ts";
import type { MetricName } from "../../results/metrics/metrics.ts";
import { flowNamed, useOf } from "../../results/recording/flows.ts";
import { memoryPoints } from "../../results/recording/memory.ts";
import { clusterPresets } from "../experiments/cluster/presets.ts";
import { presets } from "../experiments/comparison/presets.ts";
import type { TrafficSettings } from "../experiments/contract/request.ts";
import { experimentNamed } from "../experiments/experiments.ts";
import { ProgramPool } from "../rigs/program-pool.ts";
import { parseTarget } from "../targets/target.ts";
import type { PlannedCell } from "./cell-state.ts";
import { runTrial, type TrialResult } from "./trial.ts";

const traffic: TrafficSettings = { ...presets.quick.settings, idleConnections: 20, idleMs: 500, rampUpMs: 20 };

function planned(target: string, scenario: string, change: Partial<TrafficSettings> = {}): PlannedCell {
  const experiment = experimentNamed(scenario);
  const request = { targets: [parseTarget(target)], traffic: { ...traffic, ...change }, cluster: clusterPresets.quick };
  return { experiment, cell: experiment.cells(request)[0]! };
}

async function outcomeOf(
  { experiment, cell }: PlannedCell,
  signal: AbortSignal = new AbortController().signal,
): Promise<TrialResult> {
  await using programs = new ProgramPool();
  return await runTrial(experiment, cell, { trial: 1, seed: 1, signal, programs });
}

async function measured(plan: PlannedCell): Promise<{ trial: Trial; read(metric: MetricName): number | undefined }> {
  const { trial, failure } = await outcomeOf(plan);
  assert.equal(failure, undefined);
  assert.equal(trial.state, "complete");
  return { trial, read: (metric) => trial.measures[metric] };
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

/** Carries every connection on to a port of this host, in another process; keeps its end when the user has gone. */
async function forwarderTo(t: TestContext, port: number): Promise<string> {
  const code = `const net = require("node:net");
    const server = net.createServer((socket) => {
      const onward = net.connect(${port}, "127.0.0.1");
      socket.on("error", () => {}).on("data", (chunk) => onward.write(chunk));
      onward.on("error", () => {}).on("data", (chunk) => socket.write(chunk));
    });
    server.listen(0, "127.0.0.1", () => process.send(server.address().port));`;
  const forwarder = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  t.after(() => forwarder.kill("SIGKILL"));
  const [own] = await once(forwarder, "message");
  return `tcp=tcp://127.0.0.1:${own}/`;
}

test("idle streams carry nothing, and the memory of their server is read at each step", async () => {
  const { trial, read } = await measured(planned("websocket", "idle"));
  const points = memoryPoints(trial);
  assert.deepEqual(
    points.map(({ x }) => x),
    [4, 8, 12, 16, 20],
  );
  assert.ok(points.every(({ y }) => y > 1e6));
  assert.deepEqual(
    trial.flags.filter(({ code }) => code === "used-server"),
    [],
  );
  assert.equal(read("idleWireBytesPerConnectionSecond"), 0);
  assert.ok(read("idleCpuUsPerConnectionSecond")! >= 0);
  assert.equal(read("lostMessages"), undefined);
});

test("virtual users who poll keep the wire busy while they are idle", async () => {
  const { read } = await measured(planned("short-polling+poll-interval=50ms", "idle"));
  // Twenty polls a second of some hundred bytes each; a busy machine may skip some.
  assert.ok(read("idleWireBytesPerConnectionSecond")! > 500);
  assert.ok(read("idleCpuUsPerConnectionSecond")! > 0);
});

test("of a server that ran before no memory is told, whatever it keeps, and the reason is", async (t) => {
  const target = await foreignServer(t, 100_000);
  const { trial, read } = await measured(planned(target, "idle"));
  assert.equal(read("memoryBytesPerConnection"), undefined);
  assert.deepEqual(memoryPoints(trial), []);
  assert.match(trial.flags.find(({ code }) => code === "used-server")!.message, /not reported: the server ran before/);
  assert.ok(read("idleCpuUsPerConnectionSecond")! >= 0);
});

test("behind a port forwarder neither CPU time nor memory is told, since they would be the forwarder's", async (t) => {
  const target = await foreignServer(t, 0);
  const { port } = new URL(target.slice("tcp=".length));
  const forwarder = await forwarderTo(t, Number(port));
  const { trial, read } = await measured(planned(forwarder, "throughput", { warmupMs: 50 }));
  assert.ok(read("achievedRatePerSecond")! > 0);
  assert.equal(read("serverCpuUsPerMessage"), undefined);
  assert.equal(useOf(trial.windows[0]!).serverCpuUs, undefined);
  assert.deepEqual(trial.observed?.processes, []);
  const [flag] = trial.flags.filter(({ code }) => code === "server-unseen");
  assert.match(
    flag!.message,
    /^the server's CPU time and memory are not reported: node \(pid \d+\) opened \d+ connections/,
  );
  // Its connections of this trial are still open when the next one begins, as a pool would be.
  const again = await measured(planned(forwarder, "idle"));
  assert.equal(again.read("idleCpuUsPerConnectionSecond"), undefined);
});

test("an external server gets its CPU time per message, and what only it could tell is absent", async (t) => {
  const { trial, read } = await measured(planned(await foreignServer(t, 0), "throughput", { warmupMs: 50 }));
  const use = useOf(trial.windows[0]!);
  assert.ok(use.serverCpuResolutionUs !== undefined && use.serverRssBytes! > 0);
  assert.equal(use.serverEventLoopUtilization, undefined);
  assert.deepEqual(
    trial.observed?.processes.map(({ command }) => command),
    ["node"],
  );
  assert.deepEqual([trial.observed.tls, trial.observed.compression], [[], []]);
  const { achievedRatePerSecond } = flowNamed(trial.windows[0]!, "roundTrip")!;
  const received = (achievedRatePerSecond * traffic.durationMs) / 1000;
  assert.ok(Math.abs(use.serverMessages! / received - 1) < 0.2, `${use.serverMessages} of ${received}`);
  assert.ok(read("serverCpuUsPerMessage")! > 0);
});

test("our own server is measured in the same way", async () => {
  const { trial, read } = await measured(planned("tcp", "throughput", { warmupMs: 50 }));
  const use = useOf(trial.windows[0]!);
  assert.ok(use.serverCpuResolutionUs !== undefined);
  assert.ok(use.serverEventLoopUtilization! > 0);
  assert.ok(read("serverCpuUsPerMessage")! > 0);
});

for (const scenario of ["echo", "idle"]) {
  test(`a trial of ${scenario} that is interrupted says so, and one whose server is not there says that`, async () => {
    const stopped = await outcomeOf(planned("tcp", scenario), AbortSignal.abort());
    assert.deepEqual([stopped.failure?.reason, stopped.trial.state], ["interrupted", "partial"]);
    const gone = "tcp=tcp://127.0.0.1:1/";
    assert.match((await outcomeOf(planned(gone, scenario))).failure!.reason, /nothing listens at/);
  });
}
