import assert from "node:assert/strict";
import { test } from "node:test";
import { Tally } from "./tally.ts";

const nothingRefused: ReadonlySet<number> = new Set();

test("what comes once and in order is all there is to say", () => {
  const tally = new Tally();
  for (let i = 0; i < 10; i++) tally.receive(i);
  assert.equal(tally.missing(10, nothingRefused), 0);
  assert.deepEqual([tally.received, tally.duplicates, tally.late], [10, 0, 0]);
});

test("missing, doubled and late messages are told apart", () => {
  const tally = new Tally();
  for (const sequence of [0, 1, 1, 4, 3, 3]) tally.receive(sequence);
  assert.equal(tally.missing(7, nothingRefused), 3, "2, 5 and 6");
  assert.deepEqual([tally.received, tally.duplicates, tally.late], [4, 2, 1]);
});

test("what was refused is not missing, whether it came or not", () => {
  const tally = new Tally();
  for (const sequence of [0, 1, 3]) tally.receive(sequence);
  assert.equal(tally.missing(5, new Set([1, 2])), 1);
});
