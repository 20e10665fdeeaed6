/** On real processes and sockets. Needs /proc. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import type { Trial } from "../../results/contract/results.ts";
import type { MetricName } from "../../results/metrics/metrics.ts";
import { useOf } from "../../results/recording/flows.ts";
import { memoryPoints } from "../../results/recording/memory.ts";
import { clusterPresets } from "../experiments/cluster/presets.ts";
import { presets } from "../experiments/comparison/presets.ts";
import type { TrafficSettings } from "../experiments/contract/request.ts";
import { experimentNamed } from "../experiments/experiments.ts";
import { ProgramPool } from "../rigs/program-pool.ts";
import { parseTarget } from "../targets/target.ts";
import type { PlannedCell } from "./cell-state.ts";
import { runSet, type TrialResult } from "./set.ts";

const traffic: TrafficSettings = { ...presets.quick.settings, idleConnections: 20, idleMs: 500, rampUpMs: 20 };

function planned(target: string, scenario: string, change: Partial<TrafficSettings> = {}): PlannedCell {
  const experiment = experimentNamed(scenario);
  const request = { targets: [parseTarget(target)], traffic: { ...traffic, ...change }, cluster: clusterPresets.quick };
  return { experiment, cell: experiment.cells(request)[0]! };
}

async function outcomesOf(
  cells: readonly PlannedCell[],
  signal: AbortSignal = new AbortController().signal,
): Promise<TrialResult[]> {
  await using programs = new ProgramPool();
  return await runSet(cells, { trial: 1, seed: 1, signal, programs });
}

const outcomeOf = async (cell: PlannedCell, signal?: AbortSignal): Promise<TrialResult> =>
  (await outcomesOf([cell], signal))[0]!;

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
  const { read } = await measured(planned("short-polling+poll-interval=50ms", "idle", { idleMs: 1000 }));
  // Twenty polls of some hundred bytes each; a busy machine may skip most.
  assert.ok(read("idleWireBytesPerConnectionSecond")! > 100);
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
  assert.equal(use.serverMessages, use.generatorMessages, "what its users saw it answer");
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

test("cells of a set take their windows in turn, on one rig for each target", async () => {
  await using programs = new ProgramPool();
  // Slices longer than an answer takes on a busy machine, or they would be one.
  const change = { turns: 3, warmupMs: 20, durationMs: 1500 };
  const cells = ["tcp", "websocket"].flatMap((target) =>
    ["echo", "throughput", "duplex"].map((scenario) => planned(target, scenario, change)),
  );
  const order: string[] = [];
  const context = { trial: 1, seed: 1, signal: new AbortController().signal, programs };
  const results = await runSet(cells, context, ({ cell, experiment }) => {
    order.push(`${cell.target.label} ${experiment.name}`);
  });
  assert.deepEqual(
    results.map(({ trial, failure }) => [trial.state, failure]),
    cells.map(() => ["complete", undefined]),
  );
  assert.equal(order.length, 3 * cells.length);
  for (const turn of [0, 1, 2]) {
    assert.equal(new Set(order.slice(turn * cells.length, (turn + 1) * cells.length)).size, cells.length);
  }
  for (const { trial } of results) {
    assert.ok(trial.histograms.connect !== undefined);
    assert.equal(new Set(trial.windows.map(({ name }) => name)).size, trial.windows.length);
  }
  // The slices of a window are joined, so it has all the messages that were measured.
  const [echo] = results;
  const { parameters } = cells[0]!.cell;
  assert.equal(echo!.trial.windows[0]!.durationMs, parameters.durationMs);
});

/** A TCP server that somebody else wrote: ends when so many messages have come. */
async function mortalServer(t: TestContext, messages: number): Promise<string> {
  const code = `let bytes = 0;
    const server = require("node:net").createServer((socket) => {
      socket.on("error", () => {}).on("data", (chunk) => {
        bytes += chunk.length;
        if (bytes > ${messages} * 256) process.exit();
        socket.write(chunk);
      });
    });
    server.listen(0, "127.0.0.1", () => process.send(server.address().port));`;
  const server = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  t.after(() => server.kill("SIGKILL"));
  const [port] = await once(server, "message");
  return `tcp=tcp://127.0.0.1:${port}/`;
}

test("a server that dies in the turn of one cell cuts the others on it short, by no doing of theirs", async (t) => {
  const target = await mortalServer(t, 3000);
  const change = { turns: 1, warmupMs: 0, durationMs: 20_000, ratePerSecond: 1000 };
  const [dying, cutShort, other] = await outcomesOf([
    planned(target, "throughput", change),
    planned(target, "echo", { ...change, durationMs: 50 }),
    planned("tcp", "echo", { turns: 1, durationMs: 100 }),
  ]);
  assert.match(dying!.failure!.reason, /connection was ended/);
  assert.equal(dying!.failure!.elsewhere, false);
  assert.ok(dying!.trial.windows.length > 0);
  // The order of the turns is drawn: it may have had its own before.
  if (cutShort!.failure !== undefined) assert.equal(cutShort!.failure.elsewhere, true);
  assert.equal(other!.failure, undefined);
});

test("a lean client writes what a closed loop releases in one go and an open loop's messages one by one, a library always", async () => {
  const change = { connections: 4, inFlight: 16, warmupMs: 0, durationMs: 200 };
  for (const protocol of ["tcp", "websocket"]) {
    const closed = planned(protocol, "throughput", change);
    assert.equal(closed.cell.parameters.client, "lean");
    assert.ok((await measured(closed)).read("generatorMessagesPerWrite")! > 1);
    const open = await measured(planned(protocol, "echo", change));
    assert.equal(open.read("generatorMessagesPerWrite"), 1);
    const library = planned(protocol, "throughput", { ...change, client: "library" });
    assert.equal(library.cell.parameters.client, "library");
    assert.equal((await measured(library)).read("generatorMessagesPerWrite"), 1);
  }
});
