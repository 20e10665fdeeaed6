import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, shuffled } from "./random.ts";

test("a seed repeats its sequence, another seed gives another", () => {
  const take = (seed: number): number[] => {
    const random = seededRandom(seed);
    return Array.from({ length: 5 }, random);
  };
  assert.deepEqual(take(1), take(1));
  assert.notDeepEqual(take(1), take(2));
});

test("neighbouring seeds, and parts of seeds, begin in unrelated ways", () => {
  const orders = new Map<string, number>();
  for (let seed = 0; seed < 600; seed++) {
    const order = shuffled(["a", "b", "c"], seededRandom(1, seed)).join("");
    orders.set(order, (orders.get(order) ?? 0) + 1);
  }
  // 100 of each are expected; the standard deviation is 9, five of them.
  assert.equal(orders.size, 6);
  for (const [order, count] of orders) assert.ok(Math.abs(count - 100) < 46, `${order}: ${count}`);
  assert.notEqual(seededRandom(1, 2)(), seededRandom(2, 1)());
});

test("is uniform enough: each tenth of the range gets its share of 100,000 draws", () => {
  const random = seededRandom(42);
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i++) counts[Math.floor(random() * 10)]!++;
  // Standard deviation of a share is 95 draws; five of them.
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 475, `${counts}`);
});

test("a shuffle keeps the items, leaves the input alone and reaches every order", () => {
  const items = ["a", "b", "c"] as const;
  const random = seededRandom(5);
  const orders = new Set(Array.from({ length: 200 }, () => shuffled(items, random).join("")));
  assert.equal(orders.size, 6);
  assert.deepEqual(items, ["a", "b", "c"]);
});
