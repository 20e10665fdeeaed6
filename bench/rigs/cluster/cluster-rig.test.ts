import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import { WirebenchError } from "../../../protocol/errors.ts";
import { parseTarget } from "../../targets/target.ts";
import { hasProgram } from "../../testing.ts";
import { ProgramPool } from "../program-pool.ts";
import type { RigContext } from "../rig.ts";
import { ClusterRig } from "./cluster-rig.ts";
import type { Setup } from "./cluster-setup.ts";
import { smallSetup } from "./testing.ts";

const setup: Setup = { ...smallSetup, spareNodes: 1 };

/** Temporary files of this process alone, to see what is left of them. */
const temporary = mkdtempSync(join(tmpdir(), "wirebench-test-"));
process.env.TMPDIR = temporary;

const programs = new ProgramPool();
after(async () => {
  await programs[Symbol.asyncDispose]();
  rmSync(temporary, { recursive: true });
});

/** Of a cluster that starts on a machine that is busy with others. */
const timeout = 600_000;

const open = (own: Partial<Setup> = {}, context: Partial<RigContext> = {}, recoveryMsMax = 10_000) => {
  const chosen = { ...setup, ...own };
  const target = { ...parseTarget(chosen.protocol), system: { kind: "cluster" } } as const;
  return ClusterRig.open(
    { target, variant: "a, b", setup: chosen, settings: { recoveryMsMax } },
    { seed: 1, trial: 1, signal: new AbortController().signal, programs, ...context },
  );
};

test("users connect, publish and are counted, and the record tells what was when", { timeout }, async (t) => {
  if (!hasProgram(t, "haproxy")) return;
  await using rig = await open();
  assert.deepEqual(rig.atStart.perNode, { "node-1": 2, "node-2": 2 });
  const startNs = rig.nextWindowNs(50);
  await rig.users.run({ kind: "open", startNs, durationMs: 300, ratePerSecond: 100 });
  const ledger = await rig.users.collect(5000);
  assert.deepEqual([ledger.publishedMessages, ledger.deliveries], [30, 120]);
  const running = rig.users.run({ kind: "open", startNs: rig.nextWindowNs(0), durationMs: 50_000, ratePerSecond: 100 });
  rig.users.halt();
  await running;
  await rig.users.reset();
  await rig.users.run({
    kind: "closed",
    startNs: rig.nextWindowNs(50),
    durationMs: 200,
    warmUpMs: 50,
    inFlight: 1,
  });
  assert.ok((await rig.users.collect(5000)).deliveries > 0);
  assert.equal(rig.startNs, startNs, "the first window is zero of the clock");
  rig.mark("observation", "users", "first message due", startNs);
  const { series, events } = await rig.record();
  assert.deepEqual(events, [{ atMs: 0, subject: "users", what: "first message due", kind: "observation" }]);
  const [connected, deliveries, , perNode] = series;
  assert.deepEqual([connected!.name, connected!.x, connected!.values[0]], ["connectedUsers", "timeMs", 4]);
  assert.deepEqual(deliveries!.xs.slice(0, 3), [100, 200, 300]);
  // A reset forgets the ledger and not what was when.
  const delivered = deliveries!.values.reduce((sum, perSecond) => sum + perSecond! / 10, 0);
  assert.ok(delivered > 120, `${delivered} in all steps of 100 ms`);
  assert.deepEqual(perNode, {
    name: "connectionsPerNode",
    title: "Connections per node",
    x: "node",
    xs: [1, 2, 3],
    values: [2, 2, 0],
  });
});

test("a node that dies unasked fails the trial by its name, one that is killed does not", { timeout }, async (t) => {
  if (!hasProgram(t, "haproxy")) return;
  await using rig = await open();
  await rig.nodes[0]!.kill();
  await rig.wait(1);
  process.kill(rig.nodes[1]!.pid!, "SIGKILL");
  await assert.rejects(rig.wait(timeout), { code: "process-failed", message: /node-2 process ended by SIGKILL/ });
  await assert.rejects(rig.users.counts(), { message: /node-2/ });
});

const dies = (pid: number): boolean => process.kill(pid, "SIGKILL");
for (const [who, kill, says] of [
  ["broker", (rig: ClusterRig) => dies(rig.broker!.pid!), /^redis-server ended by SIGKILL; it said:\n/],
  ["state server", () => programs.program("redis").then(({ pid }) => dies(pid!)), /^redis-server ended by SIGKILL/],
  ["load balancer", (rig: ClusterRig) => dies(rig.proxy.pids()[0]!), /^haproxy ended by SIGKILL/],
] as const) {
  test(`a ${who} that dies unasked fails the trial by its name`, { timeout }, async (t) => {
    if (!hasProgram(t, "haproxy") || !hasProgram(t, "redis")) return;
    await using rig = await open({ broker: "redis", state: "outside" });
    await kill(rig);
    await assert.rejects(rig.wait(timeout), { message: says });
  });
}

test("a second group of users can be frozen, and is outside the ledger", { timeout }, async (t) => {
  if (!hasProgram(t, "haproxy")) return;
  await using rig = await open();
  const second = await rig.connectSecondUsers(2);
  const nodes = await rig.nodeCounts();
  assert.equal(
    nodes.reduce((sum, { users }) => sum + users, 0),
    6,
  );
  second.freeze();
  await rig.users.run({ kind: "open", startNs: rig.nextWindowNs(50), durationMs: 100, ratePerSecond: 100 });
  assert.equal((await rig.users.collect(5000)).expectedDeliveries, 40);
});

test("a cell that cannot begin with everybody connected is not measured", { timeout }, async (t) => {
  if (!hasProgram(t, "haproxy")) return;
  // The second request of each user goes to the node after that of its first.
  const nobody = { protocol: "sse", policy: "round-robin", connectConcurrent: 1 } as const;
  await assert.rejects(open({ ...nobody, backoff: { kind: "fixed", delayMs: timeout } }, {}, 200), {
    code: "connect-failed",
    message: "0 of 4 users were connected 0.2 s after all had tried",
  });
});

test("a broker whose program is missing is told from a failure, with what installs it", { timeout }, async (t) => {
  if (!hasProgram(t, "haproxy")) return;
  class Without extends ProgramPool {
    override serverOf = () =>
      Promise.reject(new WirebenchError("component-missing", "nats is not here", { hint: "install it" }));
  }
  await assert.rejects(open({ broker: "nats" }, { programs: new Without() }), {
    code: "component-missing",
    hint: "install it",
  });
});

for (const afterMs of [0, 200, 400, 600]) {
  test(`Ctrl-C ${afterMs} ms after the start leaves nothing behind`, { timeout }, async (t: TestContext) => {
    if (!hasProgram(t, "haproxy")) return;
    const interrupt = new AbortController();
    setTimeout(() => interrupt.abort(), afterMs);
    const work = async (): Promise<void> => {
      await using rig = await open({}, { signal: interrupt.signal });
      await rig.wait(timeout);
    };
    await assert.rejects(work(), { code: "aborted" });
    const left = readdirSync(temporary).filter((name) => name.startsWith("wirebench-haproxy-"));
    assert.deepEqual(left, []);
  });
}
