import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { defaultLimits } from "../../../protocol/contract.ts";
import { channelMessage, FakeUser, TestBroker } from "../testing.ts";
import { Channel, type Rooming } from "./channel.ts";
import { memorySessions } from "./sessions.ts";

const openChannel = (broker: TestBroker, node: string, rooms?: Rooming): Promise<Channel> =>
  Channel.open({
    node,
    sessions: memorySessions(),
    limits: defaultLimits,
    history: false,
    ...(rooms && { rooms }),
    connect: (listener) =>
      broker.connect({ url: "test://", topic: "t", node, signal: new AbortController().signal, ...listener }),
  });

const inRoom = (channel: Channel, room: string): Promise<FakeUser> =>
  new FakeUser(channel.behaviour).say({ type: "hello", room }).until("welcome");

for (const rooms of ["filtered", "subscribed"] as const) {
  test(`rooms, ${rooms}: what is said in one reaches its users on all nodes, and nobody else`, async () => {
    const broker = new TestBroker({ history: false });
    const [one, two] = await Promise.all([openChannel(broker, "node-1", rooms), openChannel(broker, "node-2", rooms)]);
    const [a, b, c] = await Promise.all([inRoom(one, "red"), inRoom(two, "red"), inRoom(two, "blue")]);
    a.say({ type: "publish", message: channelMessage(0) });
    c.say({ type: "publish", message: channelMessage(1) });
    await Promise.all([a, b, c].map((user) => user.until("delivery")));
    assert.deepEqual(
      [a, b, c].map((user) => user.sequences),
      [[0], [0], [1]],
    );
    const heard = [one, two].map(({ counts }) => counts.brokerDeliveries);
    assert.deepEqual(heard, rooms === "filtered" ? [2, 2] : [1, 2]);
  });
}

test("a node subscribes to a room with its first user, and leaves it with the last", async () => {
  const broker = new TestBroker({ history: false });
  const channel = await openChannel(broker, "node-1", "subscribed");
  const link = broker.links.get("node-1")!;
  const [first, second] = await Promise.all([inRoom(channel, "red"), inRoom(channel, "red")]);
  first.close();
  assert.deepEqual([...link.rooms], ["red"]);
  second.close();
  assert.deepEqual([...link.rooms], []);
});

test("a user whose room cannot be had is refused, and may come again", async () => {
  const broker = new TestBroker({ history: false });
  const channel = await openChannel(broker, "node-1", "subscribed");
  const link = broker.links.get("node-1")!;
  const { subscribe } = link;
  link.subscribe = () => Promise.reject(new Error("away"));
  const refused = new FakeUser(channel.behaviour).say({ type: "hello", room: "red" });
  while (refused.ended === undefined) await turn();
  refused.close();
  link.subscribe = subscribe;
  await inRoom(channel, "red");
  assert.deepEqual([...link.rooms], ["red"]);
  const roomless = await openChannel(broker, "node-2");
  const stranger = new FakeUser(roomless.behaviour).say({ type: "hello", room: "red" });
  while (stranger.ended === undefined) await turn();
  const nonsense = new FakeUser(channel.behaviour).sayRaw('{"type":"hello","room":"a b"}');
  assert.equal(nonsense.ended, "normal");
});
