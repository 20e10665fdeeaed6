import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../../protocol/random.ts";
import { expectPercentiles, percentileOf } from "./expectation.ts";

const uniform = (count: number, from: number, to: number, seed: number): number[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => from + (to - from) * random());
};
const near = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `expected ${expected} ± ${tolerance}, got ${actual}`);

test("shifts the cost by a constant delay, percentile by percentile", () => {
  const cost = uniform(2000, 100, 200, 1);
  const [p50, p99] = expectPercentiles(Array(2000).fill(1000), cost, [50, 99], 1);
  near(p50!.ns, 1150, 3);
  near(p99!.ns, 1199, 3);
});

test("does not add up percentiles: the sum of two uniform delays is a triangle", () => {
  const [p50, p90] = expectPercentiles(uniform(4000, 0, 1, 1), uniform(4000, 0, 1, 2), [50, 90], 1);
  near(p50!.ns, 1, 0.02);
  // 2 - sqrt(2 x 0.1), where 0.9 + 0.9 would have been 1.8.
  near(p90!.ns, 1.553, 0.02);
});

test("says how far chance alone moves a percentile, which is further in the tail and with fewer messages", () => {
  const cost = uniform(1000, 0, 1, 3).map((u) => -Math.log(1 - u));
  const chance = (count: number) =>
    expectPercentiles(Array(count).fill(0), cost, [50, 99], 1).map(({ chanceNs }) => chanceNs);
  const [middle, tail] = chance(1000);
  assert.ok(tail! > 2 * middle!, `${tail} against ${middle}`);
  assert.ok(chance(100)[1]! > tail!);
});

test("gives the same for the same seed", () => {
  const cost = uniform(100, 0, 1, 4);
  assert.deepEqual(expectPercentiles(cost, cost, [50], 7), expectPercentiles(cost, cost, [50], 7));
});

test("counts ranks as the histograms do", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  assert.equal(percentileOf(hundred, 50), 50);
  assert.equal(percentileOf(hundred, 99), 99);
  assert.equal(percentileOf(hundred, 100), 100);
  assert.equal(percentileOf(hundred, 0), 1);
});
