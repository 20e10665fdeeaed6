import assert from "node:assert/strict";
import { test } from "node:test";
import { Timelines } from "./timelines.ts";

const ms = 1e6;

test("a series has the users connected at the end of each step, and rates within it", () => {
  const timelines = new Timelines(1000 * ms);
  timelines.connected(1003 * ms);
  timelines.connected(1004 * ms);
  timelines.connected(1005 * ms);
  timelines.disconnected(1010 * ms);
  timelines.disconnected(1011 * ms);
  for (let i = 0; i < 5; i++) timelines.delivered(1010 * ms + i);
  timelines.delivered(1019.999 * ms);
  timelines.delivered(1020 * ms);
  timelines.attempted(1000 * ms);
  timelines.attempted(1999 * ms);
  assert.deepEqual(timelines.read({ startNs: 1000 * ms, endNs: 1030 * ms, stepMs: 10 }), {
    connectedUsers: [3, 1, 1],
    deliveriesPerSecond: [0, 600, 100],
    attemptsPerSecond: [100, 0, 0],
  });
  assert.deepEqual(timelines.read({ startNs: 1011 * ms, endNs: 1015 * ms, stepMs: 2 }).connectedUsers, [1, 1]);
});

test("before its origin a series shows nobody, and nothing happening", () => {
  const timelines = new Timelines(1000 * ms);
  timelines.connected(1000 * ms);
  timelines.delivered(1000 * ms);
  const series = timelines.read({ startNs: 900 * ms, endNs: 1050 * ms, stepMs: 50 });
  assert.deepEqual(series, {
    connectedUsers: [0, 0, 1],
    deliveriesPerSecond: [0, 0, 20],
    attemptsPerSecond: [0, 0, 0],
  });
});

test("a series takes memory for an hour and no more, and steps up to a bound", () => {
  const timelines = new Timelines(0);
  timelines.delivered(1e20);
  timelines.delivered(-1);
  assert.equal(timelines.read({ startNs: 0, endNs: 10 * ms, stepMs: 10 }).deliveriesPerSecond[0], 100);
  for (const order of [
    { startNs: 0, endNs: 1e15, stepMs: 1 },
    { startNs: 0, endNs: 10 * ms, stepMs: 0 },
    { startNs: 0, endNs: 10 * ms, stepMs: Number.NaN },
  ]) {
    assert.throws(() => timelines.read(order), { code: "usage" });
  }
});
