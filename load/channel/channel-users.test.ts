import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { protocolNamed } from "../../bench/targets/protocols.ts";
import { nowNs } from "../../protocol/clock.ts";
import type { ConnectOptions, CookieJar, ProtocolClient } from "../../protocol/contract.ts";
import { until } from "../../protocol/testing.ts";
import { decodeUserMessage, encodeNodeMessage, type UserMessage } from "../../protocol/wires/channel.ts";
import { realTimeline } from "../pacing/metronome.ts";
import { LatencyHistogram } from "../recording/latency.ts";
import { ChannelCodec } from "./channel-codec.ts";
import { ChannelUsers } from "./channel-users.ts";
import type { ConnectOrder } from "./channel-users-api.ts";
import { type ChannelScript, connectOrder, ScriptedChannel } from "./testing.ts";
import { UserGroup } from "./user-group.ts";
import type { UserGroupApi } from "./user-group-api.ts";

/** Longer than anything here takes; a test that runs into it fails by what it then asserts. */
const longMs = 60_000;
const drained = { quietMs: longMs, maxMs: longMs };

/** Users of several processes, each of which is here one more object. */
function newUsers(t: TestContext, client = protocolNamed("websocket").lean!, groups = 2): ChannelUsers {
  const newCookieJar = (): CookieJar => ({ header: () => undefined, keep() {} });
  const group = (): UserGroupApi => {
    const own = new UserGroup({ timeline: realTimeline, clientOf: () => client, newCookieJar });
    return Object.assign(own, { wireBytes: async () => ({ sent: 0, received: 0 }) });
  };
  const users = new ChannelUsers(Array.from({ length: groups }, group));
  t.after(() => users.close());
  return users;
}

async function connected(t: TestContext, script: ChannelScript, changes: Partial<ConnectOrder> = {}) {
  const channel = new ScriptedChannel(script);
  const users = newUsers(t);
  const { counts, connectHistogram } = await users.connect(connectOrder(await channel.open(t), changes));
  return { channel, users, counts, connectHistogram };
}

/** So many messages, as fast as they go. */
const publish = (users: ChannelUsers, messages: number): Promise<void> =>
  users.publish({ startNs: nowNs(), durationMs: messages, ratePerSecond: 1000 });

test("users connect, publish, and find everything delivered", async (t) => {
  const { users, counts, connectHistogram } = await connected(t, { node: ({ user }) => `node-${(user % 2) + 1}` });
  assert.equal(LatencyHistogram.decode(connectHistogram).count, 4);
  const emptyCounts = { published: 0, deliveries: 0, attempts: 4, failedAttempts: 0 };
  assert.deepEqual(counts, { connected: 4, perNode: { "node-1": 2, "node-2": 2 }, ...emptyCounts });
  await publish(users, 40);
  await users.drain(drained);
  const { histograms, histogramsPerNode, ...ledger } = await users.ledger();
  const {
    publishedPerSecond,
    deliveriesPerSecond,
    usersEventLoopUtilization,
    usersStallMaxMs,
    usersCpuShare,
    ...exact
  } = ledger;
  assert.deepEqual(exact, {
    publishedMessages: 40,
    unsentMessages: 0,
    acceptedMessages: 40,
    rejectedMessages: 0,
    expectedDeliveries: 160,
    deliveries: 160,
    missingDeliveries: 0,
    declaredLossDeliveries: 0,
    silentLossDeliveries: 0,
    missingWhileConnectedDeliveries: 0,
    duplicatedDeliveries: 0,
    reorderedDeliveries: 0,
    corruptedDeliveries: 0,
    replayedDeliveries: 0,
    strayDeliveries: 0,
    gapNotices: 0,
    sameNodeExpected: 80,
    sameNodeDeliveries: 80,
    crossNodeExpected: 80,
    crossNodeDeliveries: 80,
  });
  // What comes after the window, on a machine that stands still for it, is in no rate.
  assert.ok(publishedPerSecond >= 0 && publishedPerSecond <= 1000, String(publishedPerSecond));
  assert.ok(deliveriesPerSecond >= 0 && deliveriesPerSecond <= 4000, String(deliveriesPerSecond));
  assert.ok(usersEventLoopUtilization > 0 && usersEventLoopUtilization <= 1);
  assert.ok(usersStallMaxMs >= 0);
  assert.ok(usersCpuShare > 0 && usersCpuShare <= 1);
  const samples = Object.values(histograms).map((encoded) => LatencyHistogram.decode(encoded).count);
  assert.deepEqual(samples, [80, 80, 40, 40, 40, 40]);
  assert.deepEqual(Object.keys(histogramsPerNode).sort(), ["node-1", "node-2"]);
});

test("what the channel loses and repeats stands in the ledger, exactly", async (t) => {
  const { users } = await connected(t, {
    // Loses 10 for user 3, repeats every fifth for user 2.
    copies: ({ user }, publisher, sequence) => {
      if (user === 3 && publisher === 0) return 0;
      return user === 2 && sequence % 5 === 0 ? 2 : 1;
    },
    answer: (_member, sequence) => (sequence === 9 ? "rejected" : "accepted"),
  });
  await publish(users, 40);
  await users.drain({ quietMs: 100, maxMs: longMs });
  const ledger = await users.ledger();
  assert.equal(ledger.missingDeliveries, 10);
  assert.equal(ledger.declaredLossDeliveries, 1, "of the one that was rejected");
  assert.equal(ledger.silentLossDeliveries, 9);
  assert.equal(ledger.missingWhileConnectedDeliveries, 10);
  assert.equal(ledger.duplicatedDeliveries, 8);
  assert.equal(ledger.acceptedMessages, 36);
  assert.equal(ledger.rejectedMessages, 4);
});

test("a delivery with one byte changed is counted as corrupted, once, and not as delivered", async (t) => {
  const payloadBytes = 60;
  const flips = [1, 8, 16];
  const { users } = await connected(
    t,
    {
      // Of user 1 each message has another byte wrong; the body is the end of the text.
      damage: ({ user }, text, sequence) => {
        if (user !== 1) return text;
        const bytes = Buffer.from(text);
        bytes[bytes.length - payloadBytes + (sequence % payloadBytes)]! ^= flips[Math.floor(sequence / payloadBytes)]!;
        return bytes.toString();
      },
    },
    { payloadBytes, users: 2 },
  );
  const messages = payloadBytes * flips.length;
  await users.publish({ startNs: nowNs(), durationMs: messages, ratePerSecond: 1000, publishers: 1 });
  await users.drain({ quietMs: 100, maxMs: longMs });
  const { histograms, histogramsPerNode, ...ledger } = await users.ledger();
  assert.equal(ledger.corruptedDeliveries, messages);
  assert.equal(ledger.expectedDeliveries, 2 * messages);
  assert.equal(ledger.deliveries, messages);
  assert.equal(ledger.missingDeliveries, messages);
  assert.equal(ledger.silentLossDeliveries, messages);
  assert.equal(ledger.duplicatedDeliveries + ledger.reorderedDeliveries + ledger.strayDeliveries, 0);
  assert.deepEqual(await users.outages(), []);
});

test("an envelope that names another message than its body is never a delivery", async (t) => {
  const damages = {
    publisher: (text: string) => text.replace(/^d,6,node-1,0,/, "d,6,node-1,1,"),
    sequence: (text: string) => text.replace(/^(d,6,node-1,0),\d+,/, "$1,0,"),
    mark: (text: string) => text.replace(/^d/, "e"),
    comma: (text: string) => text.replace(/,m/, "m"),
    cut: (text: string) => text.slice(0, -1),
    longer: (text: string) => `${text}.`,
    nothing: () => "",
  };
  for (const [name, damage] of Object.entries(damages)) {
    const { channel, users } = await connected(t, {}, { users: 2 });
    await publish(users, 2);
    await users.drain(drained);
    await users.reset();
    channel.script.damage = ({ user }, text) => (user === 1 ? damage(text) : text);
    await users.publish({ startNs: nowNs(), durationMs: 3, ratePerSecond: 1000, publishers: 1 });
    await users.drain({ quietMs: 50, maxMs: longMs });
    const { deliveries, corruptedDeliveries, strayDeliveries } = await users.ledger();
    assert.deepEqual([deliveries, corruptedDeliveries + strayDeliveries], [3, 3], name);
    if (name !== "publisher") assert.equal(strayDeliveries, 0, name);
  }
});

test("published bodies have the size that was asked for, down to what a message needs", async (t) => {
  const sizes: number[] = [];
  const client = protocolNamed("websocket").client;
  const weighing: ProtocolClient = {
    async connect(options: ConnectOptions) {
      const connection = await client.connect(options);
      const { send } = connection;
      connection.send = (payload) => {
        const sent = decodeUserMessage(payload);
        if (sent?.type === "publish") sizes.push(Buffer.byteLength(sent.message.body));
        send.call(connection, payload);
      };
      return connection;
    },
  };
  for (const payloadBytes of [400, 1]) {
    const channel = new ScriptedChannel();
    const users = newUsers(t, weighing);
    await users.connect(connectOrder(await channel.open(t), { payloadBytes, users: 1 }));
    await publish(users, 1);
    await users.drain(drained);
    assert.equal((await users.ledger()).deliveries, 1);
  }
  assert.equal(sizes[0], 400);
  assert.ok(sizes[1]! > 1 && sizes[1]! < 400);
});

test("users come back by themselves after the channel was down, and their outages have a place in time", async (t) => {
  const { channel, users } = await connected(t, { node: ({ hello }) => (hello.session ? "node-2" : "node-1") });
  const faultNs = nowNs();
  await channel.close();
  for (let counts = await users.counts(); counts.connected > 0 || counts.failedAttempts === 0; ) {
    await turn();
    counts = await users.counts();
  }
  await publish(users, 3);
  await channel.open(t);
  assert.equal(await users.untilConnected({ users: 4, maxMs: longMs }), true);
  const backNs = nowNs();
  await publish(users, 4);
  await users.drain(drained);
  const outages = await users.outages();
  assert.deepEqual(outages.map(({ user }) => user).sort(), [0, 1, 2, 3]);
  for (const { disconnectedNs, reconnectedNs, firstDeliveryNs, attempts, found, reason } of outages) {
    assert.ok(faultNs < disconnectedNs && disconnectedNs < reconnectedNs! && reconnectedNs! < backNs);
    assert.ok(backNs < firstDeliveryNs!);
    assert.ok(attempts >= 1);
    assert.equal(found, true);
    assert.equal(reason, "ended by the network: close code 1006");
  }
  const { publishedMessages, unsentMessages, deliveries } = await users.ledger();
  assert.deepEqual(
    { publishedMessages, unsentMessages, deliveries },
    { publishedMessages: 4, unsentMessages: 3, deliveries: 16 },
  );
  const { attempts, failedAttempts } = await users.counts();
  assert.equal(attempts, 8 + failedAttempts);
  assert.ok(failedAttempts > 0);
  assert.deepEqual(
    channel.hellos
      .slice(4)
      .map(({ session }) => session)
      .sort(),
    [0, 1, 2, 3].map((n) => `session-${n}`),
  );
});

test("a user that resumes names what it received last and gets what it missed, and no loss is left", async (t) => {
  const { channel, users } = await connected(t, { history: true }, { resume: true, users: 2 });
  await publish(users, 2);
  await users.drain(drained);
  // Only user 0 is let in again at first, and publishes what user 1 misses.
  channel.script.refuse = ({ session }) => session === "session-1";
  channel.member(1).connection.close();
  await channel.until(() => channel.hellos.length > 2);
  await users.publish({ startNs: nowNs(), durationMs: 3, ratePerSecond: 1000, publishers: 1 });
  await channel.until(() => channel.hellos.length > 3);
  delete channel.script.refuse;
  assert.equal(await users.untilConnected({ users: 2, maxMs: longMs }), true);
  await users.drain(drained);
  assert.deepEqual(channel.hellos.at(-1), {
    type: "hello",
    user: 1,
    session: "session-1",
    resume: true,
    after: "2",
  });
  const ledger = await users.ledger();
  assert.equal(ledger.deliveries, 10);
  assert.equal(ledger.missingDeliveries, 0);
  assert.equal(ledger.replayedDeliveries, 3);
  assert.equal(ledger.reorderedDeliveries, 0);
  const [outage] = await users.outages();
  assert.equal(outage!.user, 1);
  assert.equal(outage!.firstDeliveryNs, undefined, "a replay shows no traffic");
});

for (const [resume, silent, declared] of [
  [true, 0, 3],
  [false, 3, 0],
] as const) {
  test(`without history a user that ${resume ? "resumes is told of the gap" : "only reconnects is told nothing"}`, async (t) => {
    const { channel, users } = await connected(t, {}, { resume, users: 2 });
    channel.script.refuse = ({ session }) => session === "session-1";
    channel.member(1).connection.close();
    await channel.until(() => channel.hellos.length > 2);
    await users.publish({ startNs: nowNs(), durationMs: 3, ratePerSecond: 1000, publishers: 1 });
    delete channel.script.refuse;
    assert.equal(await users.untilConnected({ users: 2, maxMs: longMs }), true);
    await users.drain({ quietMs: 50, maxMs: longMs });
    const ledger = await users.ledger();
    assert.equal(ledger.missingDeliveries, 3);
    assert.equal(ledger.silentLossDeliveries, silent);
    assert.equal(ledger.declaredLossDeliveries, declared);
    assert.equal(ledger.missingWhileConnectedDeliveries, 0);
    assert.equal(ledger.gapNotices, resume ? 1 : 0);
  });
}

test("a user that is told to move forgets its cookies and goes elsewhere when its connection is closed", async (t) => {
  const channel = new ScriptedChannel();
  const url = await channel.open(t);
  const jars: (CookieJar | undefined)[] = [];
  const { client } = protocolNamed("websocket");
  const noting: ProtocolClient = {
    connect(options) {
      jars.push(options.cookies);
      return client.connect(options);
    },
  };
  const users = newUsers(t, noting);
  await users.connect(connectOrder(url, { users: 1, cookies: "kept" }));
  channel.member(0).connection.close();
  await channel.until(() => channel.hellos.length === 2 && channel.members.size === 1);
  channel.member(0).send({ type: "moving" });
  channel.member(0).connection.close("restart");
  await channel.until(() => channel.hellos.length === 3 && channel.members.size === 1);
  assert.equal(jars.length, 3);
  assert.ok(jars[0] !== undefined);
  assert.equal(jars[1], jars[0]);
  assert.notEqual(jars[2], jars[0]);
  assert.equal(channel.hellos[2]!.session, "session-0");
});

test("users begin with one address each, and go on with the next when a try fails", async (t) => {
  const [first, second] = [new ScriptedChannel(), new ScriptedChannel()];
  const [url, other] = [await first.open(t), await second.open(t)];
  const users = newUsers(t);
  await users.connect(connectOrder(url, { otherUrls: [other], users: 4 }));
  assert.deepEqual([first.members.size, second.members.size], [2, 2]);
  await second.close();
  await first.until(() => first.members.size === 4);
  assert.ok(await users.untilConnected({ users: 4, maxMs: longMs }));
});

test("steps find their state, and coming back finds it as far on as it was left, or not", async (t) => {
  const { channel, users } = await connected(t, { node: ({ user }) => `node-${user % 2}` });
  assert.deepEqual(await users.step({ times: 3, concurrent: 2, timeoutMs: longMs }), {
    asked: 12,
    found: 12,
    notFound: 0,
    failed: 0,
    sameNode: 12,
    perNode: { "node-0": 6, "node-1": 6 },
  });
  const back = await users.rejoin({ concurrent: 2, timeoutMs: longMs });
  assert.deepEqual(back, {
    asked: 4,
    found: 4,
    notFound: 0,
    failed: 0,
    sameNode: 4,
    perNode: { "node-0": 2, "node-1": 2 },
  });
  channel.script.forgetful = true;
  channel.script.node = () => "node-9";
  const lost = await users.rejoin({ together: true, concurrent: 4, timeoutMs: longMs });
  assert.deepEqual(lost, { asked: 4, found: 0, notFound: 4, failed: 0, sameNode: 0, perNode: { "node-9": 4 } });
  assert.equal((await users.step({ times: 1, concurrent: 4, timeoutMs: longMs })).found, 4, "they start again");
  assert.deepEqual(await users.outages(), [], "nobody was cut off");
  channel.script.refuse = () => true;
  const refused = await users.rejoin({ concurrent: 4, timeoutMs: longMs });
  assert.deepEqual(refused, { asked: 4, found: 0, notFound: 0, failed: 4, sameNode: 0, perNode: {} });
  assert.equal((await users.step({ times: 2, concurrent: 4, timeoutMs: longMs })).failed, 8, "nobody is connected");
  delete channel.script.refuse;
  assert.equal(await users.untilConnected({ users: 4, maxMs: longMs }), true, "who failed went on by itself");
});

test("together, everybody has left before the first comes back", async (t) => {
  const { channel, users } = await connected(t, {});
  let fewest = 4;
  channel.script.node = () => {
    fewest = Math.min(fewest, channel.members.size);
    return "node-1";
  };
  await users.rejoin({ concurrent: 1, timeoutMs: longMs });
  assert.equal(fewest, 3);
  await users.rejoin({ together: true, concurrent: 1, timeoutMs: longMs });
  assert.equal(fewest, 0);
});

test("newcomers are owed what is sent after they came", async (t) => {
  const { users } = await connected(t, {});
  await publish(users, 4);
  await users.drain(drained);
  assert.equal((await users.join({ users: 2 })).connected, 6);
  await publish(users, 6);
  await users.drain(drained);
  const { expectedDeliveries, deliveries } = await users.ledger();
  assert.deepEqual([expectedDeliveries, deliveries], [16 + 36, 16 + 36]);
});

test("a chain goes on as messages come back, and everybody gets them all", async (t) => {
  const { users } = await connected(t, {});
  const chaining = users.chain({ startNs: nowNs(), durationMs: longMs, warmUpMs: 0, inFlight: 3, publishers: 2 });
  await until(async () => (await users.counts()).published > 2 * 3);
  await users.halt();
  await chaining;
  await users.drain(drained);
  const ledger = await users.ledger();
  assert.equal(ledger.deliveries, ledger.publishedMessages * 4);
  assert.equal(ledger.acceptedMessages, ledger.publishedMessages);
  assert.equal(ledger.histograms.dispatch, undefined, "nothing is due in a closed loop");
});

test("rates of a chain leave its warm-up out, counts do not", async (t) => {
  const { users } = await connected(t, {});
  const chaining = users.chain({ startNs: nowNs(), durationMs: longMs, warmUpMs: longMs, inFlight: 1 });
  await until(async () => (await users.counts()).published > 4);
  await users.halt();
  await chaining;
  await users.drain(drained);
  const { publishedMessages, publishedPerSecond, deliveriesPerSecond } = await users.ledger();
  assert.ok(publishedMessages > 4);
  assert.deepEqual([publishedPerSecond, deliveriesPerSecond], [0, 0]);
});

test("only users on the nodes named publish, and an order nobody may follow is refused", async (t) => {
  const publishers = new Set<number>();
  const { users } = await connected(t, {
    node: ({ user }) => `node-${user % 2}`,
    copies: (_member, publisher) => {
      publishers.add(publisher);
      return 1;
    },
  });
  const order = { startNs: nowNs(), durationMs: 4, ratePerSecond: 1000 };
  await users.publish({ ...order, publishersOn: ["node-1"] });
  await users.drain(drained);
  assert.deepEqual([...publishers], [1, 3]);
  await assert.rejects(users.publish({ ...order, publishersOn: ["node-7"] }), { code: "usage" });
  await assert.rejects(users.publish({ ...order, ratePerSecond: 1e9, durationMs: 1e6 }), { code: "usage" });
});

test("a window of traffic can be halted, and only one runs at a time", async (t) => {
  const { users } = await connected(t, {});
  const order = { startNs: nowNs(), durationMs: 60_000, ratePerSecond: 100 };
  const publishing = users.publish(order);
  await assert.rejects(users.publish(order), { code: "usage", message: "the users are publishing already" });
  await assert.rejects(users.reset(), { code: "usage" });
  await users.halt();
  await publishing;
  await users.reset();
});

test("reset forgets what was, and what arrives from before is stray", async (t) => {
  const held: (() => void)[] = [];
  const { channel, users } = await connected(t, {}, { users: 1 });
  channel.script.damage = (member, text) => {
    held.push(() => member.connection.send(text));
    return encodeNodeMessage({ type: "accepted", sequence: 0 });
  };
  await publish(users, 1);
  await channel.until(() => held.length === 1);
  await users.reset();
  delete channel.script.damage;
  for (const release of held) release();
  await publish(users, 1);
  await users.drain(drained);
  const { strayDeliveries, publishedMessages, deliveries } = await users.ledger();
  assert.deepEqual(
    { strayDeliveries, publishedMessages, deliveries },
    { strayDeliveries: 1, publishedMessages: 1, deliveries: 1 },
  );
});

test("a series tells who was connected when, and adds up to what was delivered and tried", async (t) => {
  const startNs = nowNs();
  const { channel, users } = await connected(t, {});
  await publish(users, 20);
  await users.drain(drained);
  channel.script.refuse = () => true;
  channel.member(2).connection.close();
  await channel.until(() => channel.hellos.length > 5);
  const series = await users.series({ startNs, endNs: nowNs() + 2e6, stepMs: 1 });
  const sum = (perSecond: number[]): number => Math.round(perSecond.reduce((total, value) => total + value / 1000, 0));
  assert.equal(sum(series.deliveriesPerSecond), 80);
  assert.ok(sum(series.attemptsPerSecond) >= 5);
  assert.equal(series.connectedUsers[0], 0);
  assert.equal(Math.max(...series.connectedUsers), 4);
  assert.equal(series.connectedUsers.at(-1), 3);
});

test("users that nobody answers are counted as failed, keep trying, and hold nobody up", {
  timeout: 60_000,
}, async (t) => {
  const sockets = new Set<Socket>();
  const deaf = createServer((socket) => sockets.add(socket.on("error", () => {})));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    deaf.close();
  });
  await new Promise<void>((resolve) => deaf.listen(0, "127.0.0.1", resolve));
  const { port } = deaf.address() as { port: number };
  const users = newUsers(t);
  const { counts } = await users.connect(connectOrder(`ws://127.0.0.1:${port}/`, { users: 2, limits: shortHandshake }));
  assert.equal(counts.connected, 0);
  assert.ok(counts.failedAttempts >= 2);
  await users.rejoin({ concurrent: 2, timeoutMs: 20 });
  assert.equal(await users.untilConnected({ users: 1, maxMs: 20 }), false);
  await publish(users, 2);
  await users.drain(drained);
  assert.equal((await users.ledger()).unsentMessages, 2);
});

test("a node that accepts and never welcomes fails the try in time", async (t) => {
  const { channel, users } = await connected(t, {});
  channel.script.mute = () => true;
  const back = await users.rejoin({ concurrent: 4, timeoutMs: 50 });
  assert.equal(back.failed, 4);
  delete channel.script.mute;
  assert.equal(await users.untilConnected({ users: 4, maxMs: longMs }), true);
});

test("nothing a node says ends its users, and who has closed stays away", async (t) => {
  const { channel, users } = await connected(t, {}, { users: 1 });
  const { connection } = channel.member(0);
  const codec = new ChannelCodec(connectOrder(""));
  const stranger = decodeUserMessage(codec.encode(99, 5, 0, 0)) as Extract<UserMessage, { type: "publish" }>;
  for (const text of [
    "",
    "{",
    "[]",
    "null",
    '{"type":"welcome"}',
    '{"type":"delivery"}',
    '{"type":"delivery","message":{"publisher":0}}',
    encodeNodeMessage({ ...stranger, type: "delivery", from: "n" }),
    "d,1,n,99,5,",
    "d",
    '{"type":"accepted"}',
    '{"type":"stepped","request":7}',
    new Uint8Array([1, 2, 3]),
  ]) {
    connection.send(text);
  }
  await publish(users, 1);
  await users.drain(drained);
  const { deliveries, strayDeliveries, corruptedDeliveries } = await users.ledger();
  assert.deepEqual([deliveries, strayDeliveries, corruptedDeliveries], [1, 1, 9]);
  await users.close();
  await channel.until(() => channel.members.size === 0);
  assert.equal((await users.counts()).connected, 0);
  assert.equal(channel.hellos.length, 1);
});

const shortHandshake = { ...connectOrder("").limits, handshakeMs: 30 };
