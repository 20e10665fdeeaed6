/** What an application builds so that users reach each other, without a wire in between. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConnectionHandler, Payload } from "../../protocol/contract.ts";
import { until } from "../../protocol/testing.ts";
import { broadcastBehaviour } from "./broadcast.ts";
import type { MeasuredBehaviour } from "./measured-behaviour.ts";
import { presenceBehaviour } from "./presence.ts";
import { relayBehaviour } from "./relay.ts";

interface User extends ConnectionHandler {
  readonly heard: Payload[];
  readonly isClosed: () => boolean;
}

/** A user of the behaviour who has said these words. */
function user({ behaviour }: MeasuredBehaviour, ...said: string[]): User {
  const heard: Payload[] = [];
  let closed = false;
  const handler = behaviour({
    send: (payload) => void heard.push(payload),
    close: () => {
      if (closed) return;
      closed = true;
      handler.closed();
    },
  });
  for (const text of said) handler.message(text);
  return {
    heard,
    isClosed: () => closed,
    message: (payload) => handler.message(payload),
    closed: () => handler.closed(),
  };
}

test("a relay hands what one partner sends to the other, and to nobody else", () => {
  const relay = relayBehaviour();
  const [a, c] = [user(relay, "first"), user(relay, "second")];
  const [b, d] = [user(relay, "first"), user(relay, "second")];
  a.message("to b");
  b.message(Buffer.from("to a"));
  assert.deepEqual(a.heard, ["paired", Buffer.from("to a")]);
  assert.deepEqual(b.heard, ["paired", "to b"]);
  assert.deepEqual([c.heard, d.heard], [["paired"], ["paired"]]);
  assert.equal(relay.handledMessages, 6);
  a.closed();
  assert.ok(b.isClosed(), "nobody is left to talk to");
  assert.ok(!c.isClosed());
});

test("a user who leaves before its partner comes is not waited for", () => {
  const relay = relayBehaviour();
  user(relay, "name").closed();
  const next = user(relay, "name");
  assert.deepEqual(next.heard, []);
});

test("a relay told to drop swallows every tenth message of a user in that window", () => {
  const relay = relayBehaviour({ drop: { window: "relay", every: 10 } });
  const [a, b] = [user(relay, "name"), user(relay, "name")];
  const window = { flows: {}, index: 1, rampUpStartNs: 0, startNs: 0, endNs: 1, connections: 2, seed: 1 };
  void relay.prepare({ ...window, name: "warm-up" });
  for (let message = 1; message <= 20; message++) a.message("dense");
  assert.equal(b.heard.length, 1 + 20);
  b.heard.length = 0;
  void relay.prepare({ ...window, name: "relay" });
  for (let message = 1; message <= 20; message++) a.message(String(message));
  assert.equal(b.heard.length, 18);
  assert.ok(!b.heard.includes("10") && !b.heard.includes("20"));
});

test("a broadcast reaches all members in one order, the publisher included, and none who left", () => {
  const room = broadcastBehaviour();
  const members = [user(room, "join"), user(room, "join"), user(room, "join")];
  const stranger = user(room);
  members[2]!.closed();
  members[0]!.message("one");
  members[1]!.message("two");
  for (const member of members.slice(0, 2)) assert.deepEqual(member.heard, ["joined", "one", "two"]);
  assert.deepEqual([members[2]!.heard, stranger.heard], [["joined"], []]);
});

test("a broadcast to others leaves the publisher out, and echoes whoever is no member", () => {
  const room = broadcastBehaviour({ toOthers: true });
  const [publisher, member, other] = [user(room, "join"), user(room, "join"), user(room, "hello")];
  publisher.message("one");
  other.message("join");
  assert.deepEqual([publisher.heard, member.heard, other.heard], [["joined"], ["joined", "one"], ["hello", "join"]]);
});

test("a broadcast that yields serves others in between, and keeps one order for all", async () => {
  const room = broadcastBehaviour({ toOthers: true, yieldsEvery: 2 });
  const [publisher, other] = [user(room, "join"), user(room, "hello")];
  const members = Array.from({ length: 5 }, () => user(room, "join"));
  publisher.message("one");
  assert.deepEqual(
    members.map(({ heard }) => heard.length),
    [2, 2, 1, 1, 1],
  );
  other.message("between");
  publisher.message("two");
  members[1]!.closed();
  await until(() => room.log().publications.length === 2);
  assert.deepEqual(members[0]!.heard, ["joined", "one", "two"]);
  assert.deepEqual(members[1]!.heard, ["joined", "one"]);
  assert.deepEqual(members[4]!.heard, ["joined", "one", "two"]);
  assert.deepEqual(other.heard, ["hello", "between"]);
  const [first, second] = room.log().publications;
  assert.equal(first!.othersServed, 1);
  assert.ok(first!.stretchMaxNs > 0 && second!.startNs >= first!.endNs);
});

test("a broadcast tells who was given up, and how much waited for a member", async () => {
  const room = broadcastBehaviour({ watchesQueues: true });
  const publisher = user(room, "join");
  const slow = room.behaviour({ send() {}, close() {}, queuedBytes: 1000 });
  slow.message("join");
  publisher.message("one");
  assert.deepEqual([room.log().queueMaxBytes, room.log().givenUpNs.length], [1000, 0]);
  slow.gaveUp?.();
  slow.closed();
  assert.equal(room.log().givenUpNs.length, 1);
  await room.prepare({
    name: "next",
    flows: {},
    index: 2,
    rampUpStartNs: 0,
    startNs: 0,
    endNs: 1,
    connections: 2,
    seed: 1,
  });
  assert.deepEqual(room.log(), { publications: [], givenUpNs: [], queueMaxBytes: 0 });
});

test("a publisher that is too far ahead of a broadcast that yields is cut off", async () => {
  const room = broadcastBehaviour({ yieldsEvery: 1 });
  const publisher = user(room, "join");
  for (let message = 0; !publisher.isClosed(); message++) {
    assert.ok(message < 2000);
    publisher.message("more");
  }
});

test("presence tells subscribers a status, those who come later the latest, and all when the connection ends", () => {
  const presence = presenceBehaviour();
  const early = user(presence, "watch alice");
  const alice = user(presence, "here alice", "status at work");
  const late = user(presence, "watch alice");
  const other = user(presence, "watch bob");
  alice.message("status at lunch");
  alice.closed();
  assert.deepEqual(early.heard, ["watching", "status at work", "status at lunch", "gone"]);
  assert.deepEqual(late.heard, ["watching", "status at work", "status at lunch", "gone"]);
  assert.deepEqual(other.heard, ["watching"]);
});

test("a user who has said that it goes away is not said to be gone", () => {
  const presence = presenceBehaviour();
  const watcher = user(presence, "watch alice");
  const alice = user(presence, "here alice", "status here", "away for today");
  alice.closed();
  assert.deepEqual(watcher.heard, ["watching", "status here", "away for today"]);
  const late = user(presence, "watch alice");
  assert.deepEqual(late.heard, ["watching"]);
});

test("what is no word of the protocol ends the connection", () => {
  for (const behaviour of [presenceBehaviour(), relayBehaviour()]) {
    const stranger = user(behaviour);
    stranger.message(Buffer.from([1]));
    assert.ok(stranger.isClosed());
  }
});
