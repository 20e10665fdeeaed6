import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../protocol/random.ts";
import { fitNonNegative, inflated, type SumOfCosts } from "./non-negative-fit.ts";

const near = (value: number, expected: number, share: number, what = ""): void =>
  assert.ok(Math.abs(value - expected) <= share * expected, `${what} ${value} is not ${expected}`);

/** Sums that scatter by so much of themselves, from known costs. */
function sumsOf(costs: readonly number[], scatter: number, rows = 40, seed = 3): SumOfCosts[] {
  const random = seededRandom(seed);
  return Array.from({ length: rows }, () => {
    const xs = costs.map((_, index) => (index === 0 ? 1 : Math.floor(random() * 5000)));
    const y = xs.reduce((sum, x, index) => sum + x * costs[index]!, 0);
    return { xs, y: y * (1 + scatter * (2 * random() - 1)) };
  });
}

test("finds costs from sums of them, exactly where nothing scatters", () => {
  const { coefficients, draws } = fitNonNegative(sumsOf([2000, 60, 5, 9], 0), { floor: 1000, resamples: 3 })!;
  for (const [index, cost] of [2000, 60, 5, 9].entries()) near(coefficients[index]!, cost, 0.001);
  for (const draw of draws) near(draw[1]!, 60, 0.001);
});

test("the ends of the draws hold the truth of most costs, and are as wide as the scatter", () => {
  let held = 0;
  const runs = 40;
  for (let seed = 0; seed < runs; seed++) {
    const { draws } = fitNonNegative(sumsOf([2000, 60, 5], 0.3, 30, seed), { floor: 1000, resamples: 60 })!;
    const drawn = draws.map((draw) => draw[1]!).sort((a, b) => a - b);
    if (drawn[1]! <= 60 && drawn[58]! >= 60) held++;
  }
  assert.ok(held >= runs * 0.8, `${held} of ${runs}`);
});

test("no cost is negative, though the sums would have it so", () => {
  const sums = [1, 2, 3, 4, 5, 6].map((x) => ({ xs: [1, x, x * x], y: 100 + 10 * x - 0.5 * x * x }));
  const { coefficients, draws } = fitNonNegative(sums, { floor: 1, resamples: 20 })!;
  for (const cost of [coefficients, ...draws].flat()) assert.ok(cost >= 0);
  assert.equal(coefficients[2], 0);
});

test("nothing is fitted to no more sums than there are costs", () => {
  assert.equal(fitNonNegative([], { floor: 1, resamples: 1 }), undefined);
  assert.equal(fitNonNegative(sumsOf([1, 2, 3], 0, 3), { floor: 1, resamples: 1 }), undefined);
});

test("residuals of a fit are too small by what it bent towards its rows", () => {
  assert.deepEqual(inflated([1, -1, 1, -1], 3), [2, -2, 2, -2]);
});
