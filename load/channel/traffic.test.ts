import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualTimeline } from "../pacing/manual-timeline.ts";
import { ClosedLoop, openLoop } from "./traffic.ts";

const ms = 1e6;
const order = { startNs: 100 * ms, endNs: 200 * ms };

/** Messages as `publisher:sequence`; publishers in `away` have no connection. */
function publisher() {
  const sent: string[] = [];
  const next: number[] = [];
  const away = new Set<number>();
  const publish = (user: number): number | undefined => {
    if (away.has(user)) return undefined;
    const sequence = next[user] ?? 0;
    next[user] = sequence + 1;
    sent.push(`${user}:${sequence}`);
    return sequence;
  };
  return { sent, away, publish, take: () => sent.splice(0) };
}

test("an open loop gives the publishers named their turn, each message when it is due, and then ends", async () => {
  const timeline = new ManualTimeline();
  const due: [number, number | undefined][] = [];
  const traffic = openLoop(timeline, { ...order, ratePerSecond: 50 }, [3, 7], (user, dueNs) => {
    due.push([user, dueNs]);
    return 0;
  });
  timeline.advance(500 * ms);
  await traffic.done;
  assert.deepEqual(
    due,
    [0, 1, 2, 3, 4].map((index) => [index % 2 === 0 ? 3 : 7, (100 + index * 20) * ms]),
  );
});

test("an open loop ends with what publishing throws, or when it is halted", async () => {
  const timeline = new ManualTimeline();
  let calls = 0;
  const broken = openLoop(timeline, { ...order, ratePerSecond: 50 }, [0], () => {
    calls++;
    throw new Error("too much");
  });
  timeline.advance(500 * ms);
  await assert.rejects(broken.done, { message: "too much" });
  assert.equal(calls, 1);
  const { publish, sent } = publisher();
  const halted = openLoop(new ManualTimeline(), { ...order, ratePerSecond: 50 }, [0], publish);
  halted.halt();
  await halted.done;
  assert.deepEqual(sent, []);
});

test("a closed loop keeps so many messages of each publisher on their way, and no more", async () => {
  const timeline = new ManualTimeline();
  const { publish, take } = publisher();
  const loop = new ClosedLoop(timeline, { ...order, inFlight: 2 }, [0, 4], publish);
  timeline.advance(99 * ms);
  assert.deepEqual(take(), []);
  timeline.advance(100 * ms);
  assert.deepEqual(take(), ["0:0", "0:1", "4:0", "4:1"]);
  loop.cameBack(0, 1);
  assert.deepEqual(take(), ["0:2"]);
  loop.cameBack(0, 1);
  loop.cameBack(1, 0);
  loop.cameBack(0, 9);
  assert.deepEqual(take(), [], "a duplicate, somebody else's and an unknown one send nothing");
  timeline.advance(200 * ms);
  await loop.done;
  loop.cameBack(0, 0);
  assert.deepEqual(take(), [], "it is over");
});

test("in a closed loop a refused message is replaced after a while, and those of a lost connection at once", () => {
  const timeline = new ManualTimeline();
  const { publish, take, away } = publisher();
  const loop = new ClosedLoop(timeline, { startNs: 0, endNs: 10_000 * ms, inFlight: 2 }, [0], publish);
  timeline.advance(0);
  assert.deepEqual(take(), ["0:0", "0:1"]);
  loop.refused(0, 0);
  loop.cameBack(0, 0);
  assert.deepEqual(take(), []);
  timeline.advance(100 * ms);
  assert.deepEqual(take(), ["0:2"]);
  away.add(0);
  loop.cameBack(0, 1);
  assert.deepEqual(take(), []);
  away.delete(0);
  loop.reconnected(0);
  assert.deepEqual(take(), ["0:3", "0:4"]);
  loop.cameBack(0, 2);
  assert.deepEqual(take(), [], "what was on its way on the old connection frees no place on the new one");
});

test("a closed loop ends with what publishing throws", async () => {
  const timeline = new ManualTimeline();
  const loop = new ClosedLoop(timeline, { ...order, inFlight: 2 }, [0, 1], () => {
    throw new Error("too much");
  });
  timeline.advance(100 * ms);
  await assert.rejects(loop.done, { message: "too much" });
});
