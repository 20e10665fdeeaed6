import assert from "node:assert/strict";
import { test } from "node:test";
import { LatencyHistogram } from "../../../load/recording/latency.ts";
import { seededRandom } from "../../../protocol/random.ts";
import { bracketOf, judgeBracket, judgeInside, percentileOf } from "./brackets.ts";

const ms = 1e6;

test("counts ranks as the histograms do", () => {
  for (const count of [1, 2, 99, 100, 101, 395, 1000]) {
    const histogram = new LatencyHistogram();
    const values = Array.from({ length: count }, (_, index) => index + 1);
    for (const value of values) histogram.record(value);
    for (const percentile of [50, 90, 99, 100]) {
      assert.equal(percentileOf(values, percentile), histogram.percentileNs(percentile), `p${percentile} of ${count}`);
    }
  }
});

test("holds every percentile of values that lie in their intervals, however wide each is", () => {
  const random = seededRandom(1);
  const values = Array.from({ length: 500 }, () => 1 - Math.log(1 - random()));
  const intervals = values.map((value) => ({ low: value - random() ** 3, high: value + random() ** 3 * 9 }));
  const sorted = values.toSorted((a, b) => a - b);
  for (const percentile of [50, 90, 99, 100]) {
    const { low, high } = bracketOf(intervals, percentile);
    const value = percentileOf(sorted, percentile);
    assert.ok(low <= value && value <= high, `${low} <= ${value} <= ${high}`);
  }
});

test("fails what lies outside, whatever the width; passes near either end; leaves the middle of a wide one open", () => {
  const wide = { low: 1 * ms, high: 9 * ms };
  assert.equal(judgeBracket(wide, 0.9 * ms), "failed");
  assert.equal(judgeBracket(wide, 9.1 * ms), "failed");
  assert.equal(judgeBracket(wide, 1.1 * ms), "passed");
  assert.equal(judgeBracket(wide, 8.5 * ms), "passed");
  assert.equal(judgeBracket(wide, 5 * ms), "cannot tell");
  assert.equal(judgeBracket({ low: 1 * ms, high: 1.3 * ms }, 1.15 * ms), "passed");
});

test("allows for the precision of a histogram and no more", () => {
  assert.equal(judgeInside({ low: 100 * ms, high: 100 * ms }, 100.1 * ms), "passed");
  assert.equal(judgeInside({ low: 100 * ms, high: 100 * ms }, 100.3 * ms), "failed");
});

test("passes nothing that was not measured, and fails nothing that was not seen", () => {
  assert.equal(judgeBracket({ low: 1 * ms, high: 2 * ms }, Number.NaN), "failed");
  assert.equal(judgeBracket({ low: Number.NaN, high: Number.NaN }, 1 * ms), "cannot tell");
});
