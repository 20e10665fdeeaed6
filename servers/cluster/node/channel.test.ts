import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { defaultLimits, type Limits } from "../../../protocol/contract.ts";
import { encodePublication } from "../../../protocol/wires/channel.ts";
import { noBroker } from "../brokers/no-broker.ts";
import { channelMessage, FakeUser, TestBroker } from "../testing.ts";
import { Channel } from "./channel.ts";
import { memorySessions } from "./sessions.ts";

const never = new AbortController().signal;

async function openChannel(broker: TestBroker | typeof noBroker, node = "node-1", limits: Partial<Limits> = {}) {
  return await Channel.open({
    node,
    sessions: memorySessions(),
    limits: { ...defaultLimits, ...limits },
    history: broker.traits.history,
    connect: (listener) => broker.connect({ url: "test://", topic: "t", node, signal: never, ...listener }),
  });
}

const welcomed = (channel: Channel): Promise<FakeUser> =>
  new FakeUser(channel.behaviour).say({ type: "hello" }).until("welcome");

/** Comes back with what it had. */
const back = (channel: Channel, after: string): FakeUser =>
  new FakeUser(channel.behaviour).say({ type: "hello", session: "s", resume: true, after });

describe("a channel", { timeout: 120_000 }, () => {
  it("welcomes, counts the steps of a session and finds it again", async () => {
    const channel = await openChannel(new TestBroker());
    const user = await welcomed(channel);
    const [welcome] = user.of("welcome");
    assert.deepEqual([welcome!.node, welcome!.found, welcome!.steps, welcome!.position], ["node-1", false, 0, "0"]);
    assert.ok(!("recovered" in welcome!));
    await user.say({ type: "step", request: 7 }).until("stepped");
    assert.deepEqual(user.of("stepped"), [{ type: "stepped", request: 7, node: "node-1", found: true, steps: 1 }]);
    const again = new FakeUser(channel.behaviour).say({ type: "hello", session: welcome!.session });
    await again.until("welcome");
    assert.deepEqual(again.of("welcome")[0], { ...welcome, found: true, steps: 1 });
    const elsewhere = await openChannel(new TestBroker(), "node-2");
    const stranger = new FakeUser(elsewhere.behaviour).say({ type: "hello", session: welcome!.session });
    const [lost] = (await stranger.until("welcome")).of("welcome");
    assert.deepEqual([lost!.found, lost!.steps], [false, 0]);
    assert.notEqual(lost!.session, welcome!.session);
  });

  it("delivers to everybody of every node in the broker's order, the publisher included", async () => {
    const broker = new TestBroker();
    const [one, two] = await Promise.all([openChannel(broker), openChannel(broker, "node-2")]);
    const users = await Promise.all([one, one, two].map(welcomed));
    for (let sequence = 0; sequence < 10; sequence++) {
      users[sequence % 3]!.say({ type: "publish", message: channelMessage(sequence) });
    }
    await Promise.all(users.map((user) => user.until("delivery", 10)));
    for (const user of users) assert.deepEqual(user.sequences, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.deepEqual(
      users[0]!
        .of("delivery")
        .map(({ from, position }) => [from, position])
        .slice(0, 3),
      [
        ["node-1", "1"],
        ["node-1", "2"],
        ["node-2", "3"],
      ],
    );
    assert.deepEqual(
      users[2]!.of("accepted").map(({ sequence }) => sequence),
      [2, 5, 8],
    );
    assert.deepEqual([one.counts.publications, one.counts.deliveries, two.counts.deliveries], [7, 20, 10]);
  });

  it("without a broker delivers to the users of its own node", async () => {
    const [one, two] = await Promise.all([openChannel(noBroker), openChannel(noBroker, "node-2")]);
    const [near, far] = await Promise.all([welcomed(one), welcomed(two)]);
    await near.say({ type: "publish", message: channelMessage(0) }).until("accepted");
    assert.deepEqual([near.sequences, far.sequences], [[0], []]);
    await back(two, "1")
      .until("welcome")
      .then((user) => assert.equal(user.of("welcome")[0]!.recovered, "gap"));
  });

  it("tells the publisher that the broker did not take a message, and everybody of a gap", async () => {
    const broker = new TestBroker();
    const channel = await openChannel(broker);
    const user = await welcomed(channel);
    const link = broker.links.get("node-1")!;
    link.becomes("lost");
    assert.equal(channel.brokerLive, false);
    await user.say({ type: "publish", message: channelMessage(3) }).until("rejected");
    assert.deepEqual(user.of("rejected"), [{ type: "rejected", sequence: 3, reason: "the broker is away" }]);
    link.becomes("live");
    assert.equal(user.of("gap").length, 0);
    link.becomes("live-after-gap");
    assert.equal(user.of("gap").length, 1);
    await user.say({ type: "publish", message: channelMessage(4) }).until("accepted");
  });

  it("rejects what would be too large to deliver, and turns what another program published into a gap", async () => {
    const broker = new TestBroker();
    const channel = await openChannel(broker, "node-1", { payloadBytesMax: 1000 });
    const user = await welcomed(channel);
    await user.say({ type: "publish", message: channelMessage(0, 0, "x".repeat(800)) }).until("rejected");
    await broker.links.get("node-1")!.publish(JSON.stringify({ from: "x", filler: "x".repeat(2000) }));
    assert.deepEqual(user.heard.slice(2), [{ type: "gap" }]);
  });

  it("bounds what waits for a broker that does not answer", async () => {
    const broker = new TestBroker();
    const channel = await openChannel(broker);
    broker.links.get("node-1")!.publish = () => new Promise(() => {});
    const user = await welcomed(channel);
    const body = "x".repeat(1_000_000);
    for (let sequence = 0; sequence < 70; sequence++)
      user.say({ type: "publish", message: channelMessage(sequence, 0, body) });
    await user.until("rejected");
    assert.match(user.of("rejected")[0]!.reason, /too many messages wait/);
  });

  const nonsense = {
    "no JSON": "{",
    binary: Buffer.of(1),
    "an unknown type": '{"type":"x"}',
    "a step before hello": '{"type":"step","request":1}',
  };
  for (const [name, payload] of Object.entries(nonsense)) {
    it(`closes on ${name} and serves the others`, async () => {
      const channel = await openChannel(new TestBroker());
      const healthy = await welcomed(channel);
      const user = new FakeUser(channel.behaviour).sayRaw(payload);
      assert.equal(user.ended, "normal");
      user.close();
      assert.equal(channel.counts.users, 1);
      await healthy.say({ type: "publish", message: channelMessage(0) }).until("delivery");
    });
  }

  it("closes on a second hello", async () => {
    const user = await welcomed(await openChannel(new TestBroker()));
    assert.equal(user.say({ type: "hello" }).ended, "normal");
  });

  it("closes where nobody can tell whether the session is there", async () => {
    const sessions = { ...memorySessions(), open: () => Promise.reject(new Error("away")) };
    const broker = new TestBroker();
    const channel = await Channel.open({
      node: "n",
      sessions,
      limits: defaultLimits,
      history: true,
      connect: (listener) => broker.connect({ url: "test://", topic: "t", node: "n", signal: never, ...listener }),
    });
    const user = new FakeUser(channel.behaviour).say({ type: "hello" });
    await turn();
    assert.deepEqual([user.ended, user.heard], ["normal", []]);
  });

  it("serves what a user says before it is welcomed, and delivers nothing before", async () => {
    const broker = new TestBroker();
    const channel = await openChannel(broker);
    const user = new FakeUser(channel.behaviour)
      .say({ type: "hello" })
      .say({ type: "publish", message: channelMessage(0) });
    await broker.links.get("node-1")!.publish(encodePublication({ from: "x", message: channelMessage(9) }));
    await user.until("accepted");
    assert.equal(user.heard[0]!.type, "welcome");
    assert.deepEqual(user.sequences, [0]);
  });

  it("counts slow consumers", async () => {
    const channel = await openChannel(new TestBroker());
    const [slow, gone] = await Promise.all([welcomed(channel), welcomed(channel)]);
    slow.close(true);
    gone.close();
    assert.deepEqual([channel.counts.slowConsumers, channel.counts.users], [1, 0]);
  });
});

describe("a resume", { timeout: 120_000 }, () => {
  async function published(count: number) {
    const broker = new TestBroker();
    const channel = await openChannel(broker);
    const user = await welcomed(channel);
    const publish = (sequence: number): void => void user.say({ type: "publish", message: channelMessage(sequence) });
    for (let sequence = 1; sequence <= count; sequence++) publish(sequence);
    await user.until("accepted", count);
    return { broker, channel, link: broker.links.get("node-1")!, publish };
  }

  it("replays everything missed, then what is live, each once, also what comes meanwhile", async () => {
    const { broker, channel, publish } = await published(5);
    const gate = Promise.withResolvers<void>();
    broker.gate = gate.promise;
    const user = back(channel, "2");
    await turn();
    publish(6);
    gate.resolve();
    publish(7);
    await user.until("welcome");
    publish(8);
    assert.deepEqual(user.sequences, [3, 4, 5, 6, 7, 8]);
    assert.equal(user.of("welcome")[0]!.recovered, "all");
    assert.equal(user.of("welcome")[0]!.position, "2");
    assert.equal(user.heard[0]!.type, "welcome");
  });

  it("at the newest position misses nothing", async () => {
    const { channel, publish } = await published(5);
    const user = await back(channel, "5").until("welcome");
    publish(6);
    assert.equal(user.of("welcome")[0]!.recovered, "all");
    assert.deepEqual(user.sequences, [6]);
  });

  it("at a node that lags behind the user repeats nothing and misses nothing", async () => {
    for (const after of ["3", "6", "8"]) {
      const { channel, link, publish } = await published(5);
      link.hold();
      for (const sequence of [6, 7, 8]) publish(sequence);
      const user = await back(channel, after).until("welcome");
      link.release();
      publish(9);
      const expected = [4, 5, 6, 7, 8, 9].filter((sequence) => sequence > Number(after));
      assert.deepEqual(user.sequences, expected);
    }
  });

  it("stays exact when the node catches up while the broker is asked", async () => {
    for (const after of ["4", "7"]) {
      const { broker, channel, link, publish } = await published(5);
      link.hold();
      for (const sequence of [6, 7, 8]) publish(sequence);
      const gate = Promise.withResolvers<void>();
      broker.gate = gate.promise;
      const user = back(channel, after);
      await turn();
      link.release();
      publish(9);
      gate.resolve();
      await user.until("welcome");
      publish(10);
      assert.deepEqual(
        user.sequences,
        [5, 6, 7, 8, 9, 10].filter((sequence) => sequence > Number(after)),
      );
    }
  });

  it("declares a gap where the broker cannot tell, is away, or there is nothing to go by", async () => {
    const { channel, link, publish } = await published(5);
    const unknown = await back(channel, "77").until("welcome");
    publish(6);
    assert.deepEqual([unknown.of("welcome")[0]!.recovered, unknown.of("welcome")[0]!.position], ["gap", "5"]);
    assert.deepEqual(unknown.sequences, [6]);
    const blank = new FakeUser(channel.behaviour).say({ type: "hello", session: "s", resume: true });
    assert.equal((await blank.until("welcome")).of("welcome")[0]!.recovered, "gap");
    link.becomes("lost");
    assert.equal((await back(channel, "2").until("welcome")).of("welcome")[0]!.recovered, "gap");
  });

  it("declares a gap where the replay would fill the user's queue", async () => {
    const broker = new TestBroker();
    const channel = await openChannel(broker, "node-1", { queueBytesMax: 10_000 });
    for (let i = 0; i < 100; i++)
      await broker.links
        .get("node-1")!
        .publish(encodePublication({ from: "x", message: channelMessage(i, 0, "x".repeat(100)) }));
    assert.equal((await back(channel, "0").until("welcome")).of("welcome")[0]!.recovered, "gap");
    assert.equal((await back(channel, "90").until("welcome")).of("welcome")[0]!.recovered, "all");
  });

  it("asks again when the subscription had a gap while the broker was asked", async () => {
    const { broker, channel, link, publish } = await published(5);
    const gate = Promise.withResolvers<void>();
    broker.gate = gate.promise;
    const user = back(channel, "2");
    await turn();
    link.hold();
    publish(6);
    link.becomes("live-after-gap");
    link.release();
    gate.resolve();
    await user.until("welcome");
    publish(7);
    assert.deepEqual(user.sequences, [3, 4, 5, 6, 7]);
    assert.deepEqual(broker.replays, ["2", "2"]);
    assert.equal(user.of("gap").length, 0);
  });

  it("of five hundred users at once asks the broker a few times, and each gets exactly its own", async () => {
    const { broker, channel, publish } = await published(1000);
    const users = Array.from({ length: 500 }, (_, index) => back(channel, String(700 + ((index * 7919) % 300))));
    for (let sequence = 1001; sequence <= 1010; sequence++) {
      await turn();
      publish(sequence);
    }
    await Promise.all(users.map((user) => user.until("welcome")));
    publish(1011);
    for (const [index, user] of users.entries()) {
      const first = 701 + ((index * 7919) % 300);
      assert.deepEqual(
        user.sequences,
        Array.from({ length: 1012 - first }, (_, offset) => first + offset),
      );
    }
    assert.ok(broker.replays.length < 20, `${broker.replays.length} replays`);
  });
});
