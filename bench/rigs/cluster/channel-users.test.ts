import assert from "node:assert/strict";
import { test } from "node:test";
import { connectOrder, ScriptedChannel } from "../../../load/channel/testing.ts";
import { nowNs } from "../../../protocol/clock.ts";
import { processesFor, RemoteChannelUsers } from "./channel-users.ts";

const waitMs = 60_000;
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test("few users are one process, many leave cores to the cluster", () => {
  assert.equal(processesFor(3, 64), 1);
  assert.equal(processesFor(19, 64), 1);
  assert.equal(processesFor(30, 1), 1);
  assert.equal(processesFor(30, 2), 1);
  assert.equal(processesFor(30, 4), 2);
  assert.equal(processesFor(200, 8), 4);
  assert.equal(processesFor(200, 64), 4);
});

test("users in two processes connect, publish, count and end as one", async (t) => {
  const channel = new ScriptedChannel({
    copies: ({ user }, _publisher, sequence) => (user === 1 && sequence === 4 ? 0 : 1),
  });
  const url = await channel.open(t);
  const users = new RemoteChannelUsers("channel users", { unlessFailed: (work) => work, wait }, 2);
  t.after(() => users[Symbol.asyncDispose]());
  assert.equal(users.pids.length, 2);
  const { counts } = await users.connect(connectOrder(url, { cookies: "kept" }));
  assert.deepEqual(counts.perNode, { "node-1": 4 });
  await assert.rejects(users.connect(connectOrder(url)), { code: "usage" });
  const before = await users.wireBytes();
  const startNs = nowNs();
  await users.run({ kind: "open", startNs, durationMs: 100, ratePerSecond: 200 });
  const ledger = await users.collect(waitMs);
  assert.equal(ledger.publishedMessages, 20);
  assert.equal(ledger.deliveries, 80 - 4);
  assert.equal(ledger.silentLossDeliveries, 4);
  const { deliveries: missing, unlisted } = await users.missing(3);
  assert.deepEqual([missing.length, unlisted], [3, 1]);
  // Which user said hello second, chance decides.
  assert.equal(new Set(missing.map(({ user }) => user)).size, 1);
  assert.ok(missing.every(({ sequence, answer }) => sequence === 4 && answer === "accepted"));
  const { sent, received } = await users.wireBytes();
  assert.ok(sent - before.sent > 20 * 300 && received - before.received > 76 * 200);
  assert.equal((await users.step({ times: 2, concurrent: 4, timeoutMs: waitMs })).found, 8);
  assert.equal((await users.rejoin({ concurrent: 4, timeoutMs: waitMs })).found, 4);
  assert.equal(await users.untilConnected(4, waitMs), true);
  assert.deepEqual(await users.outages(), []);
  const { connectedUsers } = await users.series({ startNs, endNs: nowNs(), stepMs: 10 });
  assert.equal(connectedUsers[0], 4);
  await users.reset();
  await users.run({ kind: "closed", startNs: nowNs(), durationMs: 50, warmUpMs: 0, inFlight: 1 });
  users.halt();
  assert.equal((await users.join(1)).connected, 5);
  assert.ok((await users.counts()).published > 0);
  await users.close();
  await channel.until(() => channel.members.size === 0);
  await users[Symbol.asyncDispose]();
  assert.match(await users.exited, /^the channel users [12] of 2 process ended with exit code 0$/);
});
