import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageCodec } from "../../protocol/messages/message.ts";
import { ManualTimeline } from "../pacing/manual-timeline.ts";
import { LatencyHistogram } from "../recording/latency.ts";
import { mergeFlows } from "./flow.ts";
import { OneWayReceiver, OneWaySender, tickIdle } from "./one-way.ts";
import type { WindowOrder } from "./window.ts";

const ms = 1e6;
const codec = new MessageCodec({ kind: "binary", payloadBytes: 64, seed: 1 });
const window: WindowOrder = {
  name: "w",
  flows: { uplink: { kind: "open", ratePerSecond: 100 } },
  index: 2,
  rampUpStartNs: 0,
  startNs: 100 * ms,
  endNs: 200 * ms,
  connections: 2,
  seed: 1,
};

/** Runs one window over two connections whose wire passes each payload on as `carry` says. */
async function runWindow(
  carry: (payload: string | Uint8Array, deliver: (payload: string | Uint8Array) => void, nth: number) => void,
): Promise<{ sender: OneWaySender; receiver: OneWayReceiver; timeline: ManualTimeline }> {
  const timeline = new ManualTimeline();
  const receiver = new OneWayReceiver(timeline, codec, window, 2);
  let nth = 0;
  const outlets = [0, 1].map((connection) => ({
    send: (payload: string | Uint8Array) =>
      carry(payload, (delivered) => receiver.receive(connection, delivered), ++nth),
  }));
  const sender = new OneWaySender(timeline, codec, window, outlets);
  const sent = sender.run({ kind: "open", ratePerSecond: 100 });
  timeline.advance(200 * ms);
  await sent;
  return { sender, receiver, timeline };
}

test("times one-way delays of known length and closes the sequence with the count", async () => {
  const timeline = new ManualTimeline();
  const receiver = new OneWayReceiver(timeline, codec, window, 1);
  const outlet = { send: (payload: string | Uint8Array) => timeline.after(2, () => receiver.receive(0, payload)) };
  const sender = new OneWaySender(timeline, codec, window, [outlet]);
  const sent = sender.run({ kind: "open", ratePerSecond: 100 });
  timeline.advance(200 * ms);
  await sent;
  const drained = receiver.drain(1000);
  timeline.advance(210 * ms);
  await drained;
  const { service, ledger } = receiver.record();
  assert.equal(sender.record().ledger.sentMessages, 20);
  assert.deepEqual(
    { ...ledger, sentMessages: 20 },
    { ...ledger, receivedMessages: 20, sentMessages: 20, lostMessages: 0 },
  );
  const delays = LatencyHistogram.decode(service!);
  assert.equal(delays.count, 10);
  assert.ok(Math.abs(delays.percentileNs(100) - 2 * ms) <= 2000);
});

test("proves a loss by the count at the end, even of the last message", async () => {
  const { receiver } = await runWindow((payload, deliver, nth) => {
    if (nth !== 7 && nth !== 20) deliver(payload);
  });
  const { ledger } = receiver.record();
  assert.equal(ledger.receivedMessages, 18);
  assert.equal(ledger.lostMessages, 2);
});

test("waits for the end of every connection, but not longer than it is told", async () => {
  const { receiver, timeline } = await runWindow((payload, deliver, nth) => {
    if (nth !== 22) deliver(payload);
  });
  let over = false;
  const drained = receiver.drain(500).then(() => {
    over = true;
  });
  timeline.advance(699 * ms);
  await Promise.resolve();
  assert.equal(over, false);
  timeline.advance(700 * ms);
  await drained;
  assert.equal(receiver.record().ledger.lostMessages, 0);
});

test("counts duplicates, reorders and wrong bytes, and ignores stragglers of earlier windows", async () => {
  const { receiver } = await runWindow((payload, deliver, nth) => {
    deliver(payload);
    if (nth === 3) deliver(payload);
    if (nth === 4) deliver(Buffer.from("rubbish"));
    if (nth === 5) deliver(codec.encode("data", 1, 0, 0, 0));
  });
  const { ledger } = receiver.record();
  assert.equal(ledger.duplicatedMessages, 1);
  assert.equal(ledger.corruptedMessages, 1);
  assert.equal(ledger.receivedMessages, 20);
});

test("counts a message that came with other bytes once, and what a window carried by the schedule", async () => {
  const { sender, receiver } = await runWindow((payload, deliver, nth) => {
    if (nth === 7) return;
    deliver(nth === 15 ? Buffer.from("rubbish") : payload);
  });
  const { ledger, carriedMessages, timedMessages } = mergeFlows([sender.record(), receiver.record()]);
  assert.deepEqual([ledger.corruptedMessages, ledger.lostMessages, ledger.receivedMessages], [1, 1, 18]);
  assert.deepEqual([timedMessages, carriedMessages], [10, 9]);
});

test("times apart what found a request of its receiver waiting and what did not", async () => {
  const timeline = new ManualTimeline();
  const receiver = new OneWayReceiver(timeline, codec, window, 1);
  let nth = 0;
  const outlet = {
    send: (payload: string | Uint8Array) => {
      const delayMs = nth % 2 === 0 ? 1 : 3;
      timeline.after(delayMs, () => receiver.receive(0, payload));
    },
    get isAwaited() {
      return ++nth % 2 === 0;
    },
  };
  const sender = new OneWaySender(timeline, codec, window, [outlet]);
  const sent = sender.run({ kind: "open", ratePerSecond: 100 });
  timeline.advance(210 * ms);
  await sent;
  const { awaited, unawaited, service, ledger } = receiver.record();
  const [parked, between, all] = [awaited!, unawaited!, service!].map((encoded) => LatencyHistogram.decode(encoded));
  assert.deepEqual([parked!.count, between!.count, all!.count, ledger.corruptedMessages], [5, 5, 10, 0]);
  assert.ok(parked!.percentileNs(100) < 1.1 * ms && between!.percentileNs(1) > 2.9 * ms);
});

test("tells neither apart where nothing waits, and the age of what its receivers have", async () => {
  const { receiver } = await runWindow((payload, deliver) => deliver(payload));
  const { awaited, unawaited, age } = receiver.record();
  assert.deepEqual([awaited, unawaited], [undefined, undefined]);
  // Two receivers of a value every 20 ms, without a delay.
  assert.ok(Math.abs(age!.watchedS - 0.2) < 1e-9);
  assert.ok(Math.abs(age!.areaS2 / age!.watchedS - 0.01) < 1e-3);
  assert.ok(Math.abs(age!.areaS2 - age!.sourceAreaS2) < 1e-9);
});

test("a value is as old as it was published, however late that was", () => {
  const timeline = new ManualTimeline();
  const receiver = new OneWayReceiver(timeline, codec, window, 1);
  timeline.advance(130 * ms);
  receiver.receive(0, codec.encode("data", window.index, 0, 100 * ms, 130 * ms));
  const { age } = receiver.record();
  assert.ok(Math.abs(age!.watchedS - 0.07) < 1e-9);
  assert.ok(Math.abs(age!.areaS2 - 0.07 ** 2 / 2) < 1e-9);
});

test("draws the connection of each Poisson arrival, the same for the same seed", async () => {
  const countsOf = async (): Promise<number[]> => {
    const timeline = new ManualTimeline();
    const counts = [0, 0];
    const outlets = counts.map((_, connection) => ({ send: () => void counts[connection]!++ }));
    const sender = new OneWaySender(timeline, codec, window, outlets);
    const sent = sender.run({ kind: "open", ratePerSecond: 10_000, arrivals: "poisson" });
    timeline.advance(200 * ms);
    await sent;
    return counts;
  };
  const [first, second] = (await countsOf()) as [number, number];
  assert.notEqual(first, second);
  assert.ok(Math.min(first, second) > 0.4 * (first + second));
  assert.deepEqual(await countsOf(), [first, second]);
});

test("ticks idly at the rate of the busy direction until the window ends", () => {
  const timeline = new ManualTimeline();
  const ticks: number[] = [];
  const counting = {
    nowNs: () => timeline.nowNs(),
    pacingPeriodNs: 0,
    soon: () => assert.fail("ticking needs no turn of the event loop"),
    after: () => assert.fail("ticking needs no timers"),
    at(dueNs: number, callback: () => void) {
      ticks.push(dueNs / ms);
      timeline.at(dueNs, callback);
    },
  };
  tickIdle(counting, window);
  timeline.advance(300 * ms);
  assert.deepEqual(ticks.slice(0, 4), [0, 10, 20, 30]);
  assert.equal(ticks.at(-1), 200);
});

test("sends what is due together at one instant to as many connections, at the same mean rate", async () => {
  const timeline = new ManualTimeline();
  const sent: [connection: number, scheduledNs: number][] = [];
  const outlets = [0, 1, 2].map((connection) => ({
    send(payload: string | Uint8Array) {
      const message = codec.decode(payload)!;
      if (message.kind === "data") sent.push([connection, message.scheduledNs]);
    },
  }));
  const sender = new OneWaySender(timeline, codec, window, outlets);
  const done = sender.run({ kind: "open", ratePerSecond: 100, together: 2 });
  timeline.advance(200 * ms);
  await done;
  assert.equal(sent.length, 20);
  assert.deepEqual(
    sent.slice(0, 6).map(([connection, scheduledNs]) => [connection, scheduledNs / ms]),
    [
      [0, 0],
      [1, 0],
      [2, 20],
      [0, 20],
      [1, 40],
      [2, 40],
    ],
  );
});
