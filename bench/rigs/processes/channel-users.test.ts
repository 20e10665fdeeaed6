import assert from "node:assert/strict";
import { test } from "node:test";
import { connectOrder, ScriptedChannel } from "../../../load/channel/testing.ts";
import { nowNs } from "../../../protocol/clock.ts";
import type { RemoteChannelUsersApi } from "./channel-users.ts";
import { RemoteProcess } from "./remote.ts";

const waitMs = 20_000;

test("users in a process of their own connect, publish, count and end", async (t) => {
  const channel = new ScriptedChannel({
    copies: ({ user }, _publisher, sequence) => (user === 1 && sequence === 4 ? 0 : 1),
  });
  const url = await channel.open(t);
  const users = new RemoteProcess<RemoteChannelUsersApi>("channel users", "channel-users");
  t.after(() => users.stop());
  const { counts } = await users.call("connect", connectOrder(url, { cookies: "kept" }), waitMs);
  assert.deepEqual(counts.perNode, { "node-1": 4 });
  await assert.rejects(users.call("connect", connectOrder(url), waitMs), { code: "usage" });
  const before = await users.call("wireBytes", undefined, waitMs);
  const startNs = nowNs();
  await users.call("publish", { startNs, durationMs: 100, ratePerSecond: 200 }, waitMs);
  await users.call("drain", { quietMs: 100, maxMs: waitMs }, waitMs);
  const ledger = await users.call("ledger", undefined, waitMs);
  assert.equal(ledger.publishedMessages, 20);
  assert.equal(ledger.deliveries, 80 - 4);
  assert.equal(ledger.silentLossDeliveries, 4);
  const { sent, received } = await users.call("wireBytes", undefined, waitMs);
  assert.ok(sent - before.sent > 20 * 300 && received - before.received > 76 * 200);
  const { found } = await users.call("step", { times: 2, concurrent: 4, timeoutMs: waitMs }, waitMs);
  assert.equal(found, 8);
  assert.equal((await users.call("rejoin", { concurrent: 4, timeoutMs: waitMs }, waitMs)).found, 4);
  assert.equal(await users.call("untilConnected", { users: 4, maxMs: waitMs }, waitMs), true);
  assert.deepEqual(await users.call("outages", undefined, waitMs), []);
  const { connectedUsers } = await users.call("series", { startNs, endNs: nowNs(), stepMs: 10 }, waitMs);
  assert.equal(connectedUsers[0], 4);
  await users.call("reset", undefined, waitMs);
  await users.call("chain", { startNs: nowNs(), durationMs: 50, warmUpMs: 0, inFlight: 1 }, waitMs);
  await users.call("halt", undefined, waitMs);
  assert.equal((await users.call("join", { users: 1 }, waitMs)).connected, 5);
  assert.ok((await users.call("counts", undefined, waitMs)).published > 0);
  await users.call("close", undefined, waitMs);
  await channel.until(() => channel.members.size === 0);
  await users.stop();
  assert.equal(await users.exited, "the channel users process ended with exit code 0");
});
