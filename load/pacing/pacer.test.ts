import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualTimeline } from "./manual-timeline.ts";
import { dueTimesNs, pace, type Schedule } from "./pacer.ts";

const second = 1e9;
const constant = { arrivals: "constant", seed: 1 } as const;

test("sends message i at start + i / rate and ends with the window", () => {
  const timeline = new ManualTimeline();
  const sent: [number, number, number][] = [];
  let doneAt: number | undefined;
  pace(
    timeline,
    { startNs: second, endNs: 2 * second, ratePerSecond: 4, ...constant },
    (index, scheduledNs) => sent.push([index, scheduledNs, timeline.nowNs()]),
    () => {
      doneAt = timeline.nowNs();
    },
  );
  timeline.advance(3 * second);
  const due = [1, 1.25, 1.5, 1.75].map((seconds) => seconds * second);
  assert.deepEqual(
    sent,
    due.map((atNs, index) => [index, atNs, atNs]),
  );
  assert.equal(doneAt, 2 * second);
});

test("sends late messages at once, each with its own schedule, and skips none", () => {
  const timeline = new ManualTimeline();
  const scheduled: number[] = [];
  const schedule = { startNs: 0, endNs: second, ratePerSecond: 10, ...constant };
  pace(
    timeline,
    schedule,
    (_, scheduledNs) => scheduled.push(scheduledNs),
    () => {},
  );
  timeline.advance(0.15 * second);
  timeline.freeze(0.5 * second);
  timeline.advance(0.66 * second);
  assert.deepEqual(
    scheduled.map((ns) => ns / second),
    [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
  );
  timeline.advance(second);
  assert.equal(scheduled.length, 10);
});

test("wakes at most once per pacing period however dense the schedule, and is late by no more than that", () => {
  const timeline = new ManualTimeline({ pacingPeriodNs: 500_000 });
  const delaysNs: number[] = [];
  pace(
    timeline,
    { startNs: 0, endNs: second, ratePerSecond: 5000, ...constant },
    (_, scheduledNs) => delaysNs.push(timeline.nowNs() - scheduledNs),
    () => {},
  );
  timeline.advance(second);
  assert.equal(delaysNs.length, 5000);
  assert.ok(timeline.waits <= 2001, `${timeline.waits} wake-ups for 5000 messages`);
  assert.ok(Math.min(...delaysNs) >= 0 && Math.max(...delaysNs) < 500_000);
});

test("sends messages further apart than the pacing period each at its own time, also after one that was late", () => {
  const timeline = new ManualTimeline({ pacingPeriodNs: 500_000 });
  const delaysNs: number[] = [];
  pace(
    timeline,
    { startNs: 0, endNs: second, ratePerSecond: 1000, ...constant },
    (_, scheduledNs) => delaysNs.push(timeline.nowNs() - scheduledNs),
    () => {},
  );
  timeline.advance(0.1005 * second);
  timeline.freeze(0.01e9);
  timeline.advance(second);
  assert.equal(delaysNs.length, 1000);
  assert.equal(delaysNs.filter((delayNs) => delayNs > 0).length, 10);
});

test("sends a long backlog in batches, so that sockets are read in between", () => {
  const timeline = new ManualTimeline();
  let sent = 0;
  let turns = 0;
  const counting = {
    nowNs: () => timeline.nowNs(),
    pacingPeriodNs: 500_000,
    soon: (callback: () => void) => timeline.soon(callback),
    after: (ms: number, callback: () => void) => timeline.after(ms, callback),
    at(dueNs: number, callback: () => void) {
      turns++;
      timeline.at(dueNs, callback);
    },
  };
  pace(
    counting,
    { startNs: 0, endNs: second, ratePerSecond: 10_000, ...constant },
    () => sent++,
    () => {},
  );
  timeline.freeze(0.9999 * second);
  timeline.advance(second);
  assert.equal(sent, 10_000);
  assert.ok(turns >= 10_000 / 256, `a backlog of ${sent} took ${turns} turns`);
});

test("stops when told to, without calling done", () => {
  const timeline = new ManualTimeline();
  let sent = 0;
  const stop = pace(
    timeline,
    { startNs: 0, endNs: second, ratePerSecond: 10, ...constant },
    () => sent++,
    () => assert.fail("done was called"),
  );
  timeline.advance(0.35 * second);
  stop();
  timeline.advance(2 * second);
  assert.equal(sent, 4);
});

const count = (schedule: Schedule): number => [...dueTimesNs(schedule)].length;

test("holds rate x duration messages, also for fractional rates", () => {
  assert.equal(count({ startNs: 0, endNs: 0.4 * second, ratePerSecond: 2000, ...constant }), 800);
  assert.equal(count({ startNs: 3e15, endNs: 3e15 + 0.7 * second, ratePerSecond: 3000, ...constant }), 2100);
  assert.equal(count({ startNs: 0, endNs: 10 * second, ratePerSecond: 0.25, ...constant }), 3);
  assert.equal(count({ startNs: 5, endNs: 5, ratePerSecond: 1000, ...constant }), 0);
});

test("draws Poisson arrivals: the mean rate, gaps as spread as their mean, memory of nothing, and the seed's own", () => {
  const schedule: Schedule = { startNs: 0, endNs: 100 * second, ratePerSecond: 1000, arrivals: "poisson", seed: 9 };
  const times = [...dueTimesNs(schedule)];
  // A Poisson count of mean 100,000 has a standard deviation of 316; four of them.
  assert.ok(Math.abs(times.length - 100_000) < 1265, `${times.length} arrivals`);
  const gaps = times.map((time, index) => time - (times[index - 1] ?? 0));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
  assert.ok(Math.abs(deviation / mean - 1) < 0.02, `coefficient of variation ${deviation / mean}`);
  const lag1 = gaps.slice(1).reduce((sum, gap, index) => sum + (gap - mean) * (gaps[index]! - mean), 0);
  assert.ok(Math.abs(lag1 / gaps.length / deviation ** 2) < 0.02, "neighbouring gaps are correlated");
  assert.deepEqual([...dueTimesNs(schedule)].slice(0, 5), times.slice(0, 5));
  assert.notDeepEqual([...dueTimesNs({ ...schedule, seed: 10 })].slice(0, 5), times.slice(0, 5));
});
