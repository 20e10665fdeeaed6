import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "hdr-histogram-js";
import type { Window } from "../contract/results.ts";
import { decodeHistogram, encodeHistogram } from "../statistics/histogram.ts";
import { joinSlices } from "./slices.ts";

const slice = (name: string, durationMs: number, measures: Window["measures"], ...delaysNs: number[]): Window => {
  const histogram = build({ bitBucketSize: 32, numberOfSignificantValueDigits: 3 });
  for (const delay of delaysNs) histogram.recordValue(delay);
  return {
    name,
    startMs: durationMs,
    durationMs,
    measures,
    histograms: { roundTripService: encodeHistogram(histogram) },
  };
};

test("slices of one name become one window: counts and histograms add up", () => {
  const [window, ...rest] = joinSlices([
    slice("echo", 100, { roundTripSentMessages: 3, wireSentBytes: 10 }, 1, 2, 3),
    slice("echo", 300, { roundTripSentMessages: 1, wireSentBytes: 5 }, 1000),
  ]);
  assert.deepEqual(rest, []);
  assert.equal(window!.durationMs, 400);
  assert.equal(window!.startMs, 100);
  assert.deepEqual(window!.measures, { roundTripSentMessages: 4, wireSentBytes: 15 });
  const histogram = decodeHistogram(window!.histograms.roundTripService!);
  assert.deepEqual([histogram.totalCount, histogram.minNonZeroValue, histogram.maxValue], [4, 1, 1000]);
});

test("rates and shares are means over the time measured, and the longest delay stays the longest", () => {
  const [window] = joinSlices([
    slice("echo", 100, { roundTripAchievedRatePerSecond: 1000, cpuWaitShare: 0.4, generatorEventLoopDelayMaxUs: 7 }),
    slice("echo", 300, { roundTripAchievedRatePerSecond: 2000, cpuWaitShare: 0, generatorEventLoopDelayMaxUs: 9 }),
  ]);
  assert.deepEqual(window!.measures, {
    roundTripAchievedRatePerSecond: 1750,
    cpuWaitShare: 0.1,
    generatorEventLoopDelayMaxUs: 9,
  });
});

test("a share that one slice could not tell is what the others say, an amount is not; other names stay windows of their own", () => {
  const windows = joinSlices([
    slice("uplink alone", 100, { serverEventLoopUtilization: 0.5, serverCpuUs: 7 }),
    slice("together", 100, {}),
    slice("uplink alone", 100, {}),
  ]);
  assert.deepEqual(
    windows.map(({ name, durationMs, measures }) => [name, durationMs, measures]),
    [
      ["uplink alone", 200, { serverEventLoopUtilization: 0.5 }],
      ["together", 100, {}],
    ],
  );
});
