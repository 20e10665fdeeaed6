import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultLimits } from "../../../protocol/contract.ts";
import { encodePublication } from "../../../protocol/wires/channel.ts";
import { channelMessage, FakeUser, TestBroker } from "../testing.ts";
import { Channel } from "./channel.ts";
import { Custody } from "./custody.ts";
import { memorySessions } from "./sessions.ts";

const never = new AbortController().signal;

async function openChannel(broker: TestBroker, node: string): Promise<Channel> {
  return await Channel.open({
    node,
    sessions: memorySessions(),
    limits: { ...defaultLimits, payloadBytesMax: 1000 },
    history: broker.traits.history,
    connect: (listener) => broker.connect({ url: "test://", topic: "t", node, signal: never, ...listener }),
  });
}

const join = (channel: Channel, user: number): Promise<FakeUser> =>
  new FakeUser(channel.behaviour).say({ type: "hello", user }).until("welcome");

const publish = (user: FakeUser, ...sequences: number[]): void => {
  for (const sequence of sequences) user.say({ type: "publish", message: channelMessage(sequence) });
};

/** What became of messages 0 to `count` - 1 of publisher 0, for one recipient. */
function fatesOf(channel: Channel, user: number, count: number) {
  const answer = channel.custody.answer({
    publishers: Array(count).fill(0),
    sequences: Array.from({ length: count }, (_, sequence) => sequence),
    users: Array(count).fill(user),
    leavingsOf: [],
  });
  return { ...answer, whys: answer.leavings.map(({ why }) => why) };
}

describe("the custody of a node", { timeout: 120_000 }, () => {
  it("tells what was handed to whom, while it was in the channel and no longer", async () => {
    const broker = new TestBroker();
    const channel = await openChannel(broker, "node-1");
    const one = await join(channel, 1);
    publish(one, 0);
    const two = await join(channel, 2);
    publish(one, 1);
    two.close();
    publish(one, 2);
    await one.until("accepted", 3);
    assert.deepEqual(fatesOf(channel, 1, 4).deliveries, ["handed", "handed", "handed", "unseen"]);
    const second = fatesOf(channel, 2, 4);
    assert.deepEqual(second.deliveries, ["not-attached", "handed", "not-attached", "unseen"]);
    assert.deepEqual(second.publications, ["accepted", "accepted", "accepted", "unseen"]);
    assert.deepEqual(second.whys, ["peer"]);
    assert.deepEqual(fatesOf(channel, 3, 1).deliveries, ["not-attached"]);
  });

  it("tells why users left", async () => {
    const channel = await openChannel(new TestBroker(), "node-1");
    const [slow, , wrong] = await Promise.all([1, 2, 3].map((user) => join(channel, user)));
    slow!.close(true);
    [...channel.users][0]!.move();
    wrong!.sayRaw("nonsense");
    assert.deepEqual(
      [1, 2, 3].flatMap((user) => fatesOf(channel, user, 1).whys),
      ["slow", "moved", "closed-by-node"],
    );
  });

  it("tells what became of publications, and of the link", async () => {
    const broker = new TestBroker();
    const channel = await openChannel(broker, "node-1");
    const user = await join(channel, 0);
    user.say({ type: "publish", message: channelMessage(0, 0, "x".repeat(900)) });
    const link = broker.links.get("node-1")!;
    link.becomes("lost");
    publish(user, 1);
    await user.until("rejected", 2);
    link.becomes("live-after-gap");
    publish(user, 2);
    await user.until("accepted");
    const { publications, link: statuses } = fatesOf(channel, 0, 4);
    assert.deepEqual(publications, ["too-large", "refused", "accepted", "unseen"]);
    assert.deepEqual(
      statuses.map(({ status }) => status),
      ["lost", "live-after-gap"],
    );
  });

  it("counts what was replayed as handed", async () => {
    const broker = new TestBroker();
    const channel = await openChannel(broker, "node-1");
    const other = await join(channel, 1);
    publish(other, 0, 1, 2);
    await other.until("accepted", 3);
    const back = new FakeUser(channel.behaviour);
    back.say({ type: "hello", user: 2, session: "s", resume: true, after: "1" });
    await back.until("welcome");
    assert.deepEqual(back.sequences, [1, 2]);
    assert.deepEqual(fatesOf(channel, 2, 3).deliveries, ["not-attached", "handed", "handed"]);
  });

  it("says of what is too long ago that it has forgotten it", () => {
    const custody = new Custody({ messages: 8192 });
    const message = (sequence: number) => encodePublication({ from: "n", message: channelMessage(sequence) });
    for (let sequence = 0; sequence < 40_000; sequence++) custody.received(message(sequence));
    const ask = { publishers: [0, 0], sequences: [0, 39_999], users: [1, 1], leavingsOf: [] };
    assert.deepEqual(custody.answer(ask).deliveries, ["forgotten", "not-attached"]);
  });
});
