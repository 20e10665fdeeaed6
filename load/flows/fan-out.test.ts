import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageCodec } from "../../protocol/messages/message.ts";
import { ManualTimeline } from "../pacing/manual-timeline.ts";
import { LatencyHistogram } from "../recording/latency.ts";
import { FanOutFlow } from "./fan-out.ts";
import type { WindowOrder } from "./window.ts";

const ms = 1e6;
const codec = (): MessageCodec => new MessageCodec({ kind: "text", payloadBytes: 64, seed: 1 });
const window: WindowOrder = {
  name: "w",
  flows: {},
  index: 1,
  rampUpStartNs: 0,
  startNs: 100 * ms,
  endNs: 200 * ms,
  connections: 4,
  seed: 1,
};

type Deliver = (recipient: number, payload: string | Uint8Array) => void;

/** Publishes 20 messages to four users, ten of them timed; `wire` hands them over. */
async function published(
  wire: (timeline: ManualTimeline, payload: string | Uint8Array, deliver: Deliver, index: number) => void,
  publisherHears = true,
): Promise<FanOutFlow> {
  const timeline = new ManualTimeline();
  let sent = 0;
  const publisher = {
    send: (payload: string | Uint8Array) => wire(timeline, payload, (to, what) => flow.receive(to, what), sent++),
  };
  const deaf = { send: () => assert.fail("only the first publishes") };
  const load = { kind: "open", ratePerSecond: 100 } as const;
  const flow = new FanOutFlow(timeline, codec(), window, load, [publisher, deaf, deaf, deaf], publisherHears);
  const done = flow.run();
  timeline.advance(250 * ms);
  await done;
  const drained = flow.drain(1000);
  timeline.advance(2000 * ms);
  await drained;
  return flow;
}

const p50Ms = (encoded: string): number => LatencyHistogram.decode(encoded).percentileNs(50) / ms;
const near = (value: number, expected: number): void =>
  assert.ok(Math.abs(value / expected - 1) < 0.01, `${value} is not ${expected}`);

test("times the first, the middle and the last recipient of each message, and counts every delivery", async () => {
  const flow = await published((timeline, payload, deliver) => {
    for (const to of [3, 1, 0, 2]) timeline.after([30, 20, 40, 10][to]!, () => deliver(to, payload));
  });
  const { firstRecipient, medianRecipient, lastRecipient } = flow.recipientTimes;
  near(p50Ms(firstRecipient), 10);
  near(p50Ms(medianRecipient), 20);
  near(p50Ms(lastRecipient), 40);
  const { ledger, timedMessages, carriedMessages } = flow.record();
  assert.deepEqual([ledger.sentMessages, ledger.receivedMessages, timedMessages, carriedMessages], [80, 80, 40, 40]);
  assert.equal(LatencyHistogram.decode(lastRecipient).count, 10, "messages of the ramp-up are counted, not timed");
  assert.equal(ledger.lostMessages + ledger.censoredMessages + ledger.duplicatedMessages, 0);
});

test("counts for each recipient what it lost, got twice, out of order, with other bytes or not in time", async () => {
  const held: (() => void)[] = [];
  const flow = await published((_, payload, deliver, index) => {
    deliver(0, payload);
    if (index !== 4) deliver(1, payload);
    if (index === 5) held.push(() => deliver(2, payload));
    else deliver(2, payload);
    for (const late of index === 6 ? held.splice(0) : []) late();
    if (index === 7) deliver(2, payload);
    if (index < 19) deliver(3, payload);
    if (index === 8) deliver(3, "x".repeat(64));
  });
  const { ledger } = flow.record();
  assert.equal(ledger.sentMessages, 80);
  assert.equal(ledger.receivedMessages, 78);
  assert.equal(ledger.duplicatedMessages, 1);
  assert.equal(ledger.reorderedMessages, 1);
  assert.equal(ledger.corruptedMessages, 1);
  // A gap and other bytes: nobody can say that these were not the same message.
  assert.equal(ledger.lostMessages, 0);
  assert.equal(ledger.censoredMessages, 1);
});

test("a publisher that does not hear itself is owed nothing", async () => {
  const flow = await published((_, payload, deliver) => {
    for (const to of [0, 1, 2, 3]) deliver(to, payload);
  }, false);
  const { ledger } = flow.record();
  assert.deepEqual([ledger.sentMessages, ledger.receivedMessages], [60, 60]);
});

test("says how busy the process was from the first recipient to the last, where there are several", async () => {
  // Before its first turn a process has no event loop to be busy.
  await new Promise(setImmediate);
  const all = await published((_timeline, payload, deliver) => {
    for (const to of [0, 1, 2, 3]) deliver(to, payload);
  });
  // In one turn nobody rests.
  assert.equal(all.busyShare, 1);
});
