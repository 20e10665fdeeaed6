import assert from "node:assert/strict";
import { test } from "node:test";
import type { BrokerMessage } from "../broker/broker.ts";
import { historyMessagesMax, MemoryHub, topicsMax } from "./hub.ts";

const texts = (messages: readonly BrokerMessage[]): string[] => messages.map(({ text }) => text);

function listen(hub: MemoryHub, after?: string) {
  const came: BrokerMessage[] = [];
  const subscription = hub.subscribe("topic", after, (message) => came.push(message))!;
  return { came, ...subscription };
}

test("every subscriber gets what is published from its subscription to its end, with the same positions", () => {
  const hub = new MemoryHub();
  const first = listen(hub);
  hub.publish("topic", "one");
  const second = listen(hub);
  hub.publish("topic", "two");
  first.end();
  hub.publish("topic", "three");
  assert.deepEqual(texts(first.came), ["one", "two"]);
  assert.deepEqual(texts(second.came), ["two", "three"]);
  assert.equal(second.came[0]!.position, first.came[1]!.position);
  assert.equal(second.position, first.came[0]!.position);
});

test("who comes back with a position gets what it missed, and no gap", () => {
  const hub = new MemoryHub();
  const before = listen(hub);
  hub.publish("topic", "seen");
  before.end();
  hub.publish("topic", "missed");
  const back = listen(hub, before.came[0]!.position);
  assert.deepEqual([texts(back.came), back.gap], [["missed"], false]);
});

test("a history that was trimmed is a gap on coming back and no replay, up to the very message", () => {
  const hub = new MemoryHub();
  const before = listen(hub);
  hub.publish("topic", "first");
  for (let i = 0; i < historyMessagesMax; i++) hub.publish("topic", `message ${i}`);
  const { position } = before.came[0]!;
  assert.equal(listen(hub, position).gap, false);
  assert.equal(listen(hub, before.position).gap, true);
  assert.equal(hub.replay("topic", before.position), undefined);
});

test("a position of another hub, of the future or of nowhere is a gap, and what there is comes after it", () => {
  const hub = new MemoryHub("here");
  hub.publish("topic", "kept");
  for (const position of ["there:0", "here:2", "here:-1", "here:", "", "here:0x1", "here:1e0"]) {
    const { came, gap } = listen(hub, position);
    assert.deepEqual([texts(came), gap], [["kept"], true], position);
    assert.equal(hub.replay("topic", position), undefined);
  }
});

test("so many topics and no more", () => {
  const hub = new MemoryHub();
  for (let i = 0; i < topicsMax; i++) assert.equal(hub.publish(`topic ${i}`, ""), true);
  assert.equal(hub.publish("one more", ""), false);
  assert.equal(
    hub.subscribe("one more", undefined, () => {}),
    undefined,
  );
  assert.equal(hub.publish("topic 0", ""), true);
});
