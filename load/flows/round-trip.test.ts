import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageCodec } from "../../protocol/messages/message.ts";
import { ManualTimeline } from "../pacing/manual-timeline.ts";
import { LatencyHistogram } from "../recording/latency.ts";
import { RoundTripFlow } from "./round-trip.ts";
import type { Load } from "./traffic.ts";
import type { WindowOrder } from "./window.ts";

const ms = 1e6;
const codec = (): MessageCodec => new MessageCodec({ kind: "text", payloadBytes: 64, seed: 1 });

/** A flow over `connections` fake wires; `wire` decides what happens to a sent payload. */
function flowOver(
  timeline: ManualTimeline,
  load: Load,
  wire: (connection: number, payload: string | Uint8Array, echo: (payload: string | Uint8Array) => void) => void,
  connections = 1,
  over: Partial<WindowOrder> = {},
): RoundTripFlow {
  const window: WindowOrder = {
    name: "w",
    flows: {},
    index: 1,
    rampUpStartNs: 0,
    startNs: 100 * ms,
    endNs: 200 * ms,
    connections: 2,
    seed: 1,
    ...over,
  };
  const outlets = Array.from({ length: connections }, (_, connection) => ({
    send: (payload: string | Uint8Array) => wire(connection, payload, (echoed) => flow.receive(connection, echoed)),
  }));
  const flow = new RoundTripFlow(timeline, codec(), window, load, outlets);
  return flow;
}

const open: Load = { kind: "open", ratePerSecond: 100 };

test("measures an echo of known delay exactly, from sending and from the schedule", async () => {
  const timeline = new ManualTimeline();
  const flow = flowOver(timeline, open, (_, payload, echo) => timeline.after(3, () => echo(payload)));
  const done = flow.run();
  timeline.advance(300 * ms);
  await done;
  const { service, scheduled, dispatch, ledger, receivedInWindow } = flow.record();
  assert.equal(ledger.sentMessages, 20);
  assert.equal(ledger.receivedMessages, 20);
  assert.equal(receivedInWindow, 10);
  const timed = LatencyHistogram.decode(service!);
  assert.equal(timed.count, 10, "messages of the settling time are counted, not timed");
  assertNear(timed.percentileNs(100), 3 * ms);
  assertNear(LatencyHistogram.decode(scheduled!).percentileNs(50), 3 * ms);
  assert.equal(LatencyHistogram.decode(dispatch!).percentileNs(100), 1);
});

test("charges a freeze of the generator to the scheduled delay and not to the service time", async () => {
  const timeline = new ManualTimeline();
  const flow = flowOver(timeline, open, (_, payload, echo) => echo(payload));
  const done = flow.run();
  timeline.advance(105 * ms);
  timeline.freeze(50 * ms);
  timeline.advance(300 * ms);
  await done;
  const { service, scheduled, dispatch } = flow.record();
  assert.equal(LatencyHistogram.decode(service!).percentileNs(100), 1);
  assertNear(LatencyHistogram.decode(scheduled!).percentileNs(100), 45 * ms);
  assertNear(LatencyHistogram.decode(dispatch!).percentileNs(100), 45 * ms);
});

test("calls a message lost when a later one was answered, and censored when none was", async () => {
  const timeline = new ManualTimeline();
  let sent = 0;
  const flow = flowOver(timeline, open, (_, payload, echo) => {
    sent++;
    if (sent !== 5 && sent <= 17) echo(payload);
  });
  const done = flow.run();
  timeline.advance(200 * ms);
  await done;
  const drained = flow.drain(50);
  timeline.advance(250 * ms);
  await drained;
  const { ledger } = flow.record();
  assert.equal(ledger.lostMessages, 1);
  assert.equal(ledger.censoredMessages, 3);
  assert.equal(ledger.receivedMessages, 16);
});

test("counts duplicates, wrong bytes and answers to nothing sent", async () => {
  const timeline = new ManualTimeline();
  let sent = 0;
  const flow = flowOver(timeline, open, (_, payload, echo) => {
    sent++;
    echo(payload);
    if (sent === 1) echo(payload);
    if (sent === 2) echo(`${String(payload).slice(0, -1)}!`);
    if (sent === 3) echo(codec().encode("data", 1, 999, 0, 0));
  });
  const done = flow.run();
  timeline.advance(200 * ms);
  await done;
  const { ledger } = flow.record();
  assert.equal(ledger.duplicatedMessages, 1);
  assert.equal(ledger.corruptedMessages, 2);
  assert.equal(ledger.receivedMessages, 20);
});

test("keeps exactly so many messages unanswered per connection in a closed loop", async () => {
  const timeline = new ManualTimeline();
  const outstanding = [0, 0, 0];
  let most = 0;
  const flow = flowOver(
    timeline,
    { kind: "closed", inFlight: 4 },
    (connection, payload, echo) => {
      outstanding[connection]!++;
      most = Math.max(most, ...outstanding);
      timeline.after(10, () => {
        outstanding[connection]!--;
        echo(payload);
      });
    },
    3,
  );
  const done = flow.run();
  timeline.advance(200 * ms);
  await done;
  const drained = flow.drain(100);
  timeline.advance(300 * ms);
  await drained;
  const { ledger, receivedInWindow, dispatch, scheduled } = flow.record();
  assert.equal(most, 4);
  // 3 connections x 4 in flight, each answered every 10 ms, over 100 ms: Little's law, exactly.
  assert.equal(receivedInWindow, 3 * 4 * 10);
  assert.equal(ledger.sentMessages, ledger.receivedMessages);
  assert.equal(dispatch, undefined);
  assert.equal(scheduled, undefined);
});

test("counts a message that the client's queue refused as unanswered", async () => {
  const timeline = new ManualTimeline();
  let sent = 0;
  const flow = flowOver(timeline, open, (_, payload, echo) => {
    if (++sent === 3) throw new Error("queue full");
    echo(payload);
  });
  const done = flow.run();
  timeline.advance(200 * ms);
  await done;
  assert.equal(flow.record().ledger.lostMessages, 1);
});

function assertNear(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= expected / 1000, `expected ${expected} within 3 digits, got ${actual}`);
}

test("attributes what a distant server answers to the window it was scheduled in", async () => {
  const timeline = new ManualTimeline();
  const flow = flowOver(timeline, open, (_, payload, echo) => timeline.after(500, () => echo(payload)));
  const done = flow.run();
  timeline.advance(200 * ms);
  await done;
  const drained = flow.drain(1000);
  timeline.advance(1000 * ms);
  await drained;
  const { carriedMessages, timedMessages, receivedInWindow, service } = flow.record();
  assert.deepEqual([carriedMessages, timedMessages, receivedInWindow], [10, 10, 0]);
  assertNear(LatencyHistogram.decode(service!).percentileNs(50), 500 * ms);
});

for (const delayMs of [50, 500, 3000]) {
  test(`a closed loop to a server ${delayMs} ms away carries what is in flight over the delay, whatever the window`, async () => {
    const timeline = new ManualTimeline();
    const rampUpMs = 2 * delayMs;
    const flow = flowOver(
      timeline,
      { kind: "closed", inFlight: 40 },
      (_, payload, echo) => timeline.after(delayMs, () => echo(payload)),
      3,
      { startNs: rampUpMs * ms, endNs: (rampUpMs + 100) * ms, delayNs: delayMs * ms },
    );
    const done = flow.run();
    timeline.advance((rampUpMs + 100) * ms);
    await done;
    const drained = flow.drain(10_000);
    timeline.advance(20_000 * ms);
    await drained;
    const { carriedMessages, timedMessages, ledger } = flow.record();
    const perSecond = carriedMessages / 0.1;
    assert.ok(Math.abs(perSecond / (120_000 / delayMs) - 1) < 0.01, `${perSecond}/s`);
    assert.ok(timedMessages >= (0.9 * 120 * Math.min(100, delayMs)) / delayMs, "sent evenly, not in one burst");
    assert.equal(ledger.receivedMessages, ledger.sentMessages);
  });
}

test("counts a message that came with other bytes once, and it never came as it was", async () => {
  const timeline = new ManualTimeline();
  let sent = 0;
  const flow = flowOver(timeline, open, (_, payload, echo) => {
    sent++;
    if (sent === 5) return;
    echo(sent === 15 || sent === 20 ? "rubbish" : payload);
  });
  const done = flow.run();
  timeline.advance(200 * ms);
  await done;
  const drained = flow.drain(50);
  timeline.advance(250 * ms);
  await drained;
  const { ledger, timedMessages, service } = flow.record();
  assert.deepEqual(
    [ledger.corruptedMessages, ledger.lostMessages, ledger.censoredMessages, ledger.receivedMessages],
    [2, 0, 1, 17],
  );
  assert.equal(timedMessages - LatencyHistogram.decode(service!).count, 2);
});

test("has handled half a message when it is sent and the whole of it when its answer came", () => {
  const timeline = new ManualTimeline();
  const flow = flowOver(timeline, open, (_, payload, echo) => timeline.after(100, () => echo(payload)));
  void flow.run();
  timeline.advance(95 * ms);
  assert.equal(flow.handled, 5);
  timeline.advance(195 * ms);
  assert.equal(flow.handled, 15);
});

/** Connections that note which messages left together; what is sent by itself counts as a write of one. */
function batchingFlow(timeline: ManualTimeline, load: Load) {
  const writes: number[] = [];
  const sentNs: number[] = [];
  const answers: (() => void)[] = [];
  let held: number | undefined;
  const text = codec();
  const outlets = [0, 1].map((connection) => ({
    send(payload: string | Uint8Array): void {
      sentNs.push(text.decode(payload)!.sentNs);
      answers.push(() => flow.receive(connection, payload));
      if (held === undefined) writes.push(1);
      else held++;
    },
    together(sends: () => void): void {
      held = 0;
      sends();
      writes.push(held);
      held = undefined;
    },
  }));
  const window = {
    name: "w",
    flows: {},
    index: 1,
    rampUpStartNs: 0,
    startNs: 0,
    endNs: 100 * ms,
    connections: 2,
    seed: 1,
  };
  const flow = new RoundTripFlow(timeline, codec(), window, load, outlets);
  return { flow, writes, sentNs, answers };
}

test("sends what answers released in a closed loop together, once all sockets were read, and dates it then", async () => {
  const timeline = new ManualTimeline();
  const { flow, writes, sentNs, answers } = batchingFlow(timeline, { kind: "closed", inFlight: 4 });
  const done = flow.run();
  timeline.advance(0);
  assert.deepEqual(writes, [4, 4]);
  timeline.advance(10 * ms);
  for (const answer of answers.splice(0, 6)) answer();
  assert.deepEqual(writes, [4, 4], "nothing leaves before the other sockets were read");
  timeline.advance(10 * ms);
  assert.deepEqual(writes.slice(2), [4, 2]);
  assert.deepEqual(
    sentNs.slice(8),
    [10, 10, 10, 10, 10, 10].map((at) => at * ms),
  );
  answers.at(-1)!();
  flow.halt();
  timeline.advance(20 * ms);
  await done;
  assert.equal(flow.record().ledger.sentMessages, 14, "what was released before the end and had not left stays");
});

test("sends every message of an open loop by itself", async () => {
  const timeline = new ManualTimeline();
  const { flow, writes } = batchingFlow(timeline, { kind: "open", ratePerSecond: 1000 });
  const done = flow.run();
  timeline.freeze(50 * ms);
  timeline.advance(100 * ms);
  await done;
  assert.equal(writes.length, 100);
  assert.deepEqual(new Set(writes), new Set([1]));
});
