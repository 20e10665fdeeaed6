import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../protocol/random.ts";
import { ArrivalLedger } from "./arrivals.ts";

function ledgerOf(sequence: readonly number[]): Record<string, number> {
  const ledger = new ArrivalLedger();
  for (const number of sequence) ledger.arrive(number);
  const { unique, duplicated, reordered, overtaken } = ledger;
  return { unique, duplicated, reordered, overtaken };
}

test("counts nothing wrong in an ordered sequence", () => {
  assert.deepEqual(ledgerOf([0, 1, 2, 3]), { unique: 4, duplicated: 0, reordered: 0, overtaken: 0 });
});

test("counts a gap as overtaken until its message comes, then as reordered", () => {
  assert.deepEqual(ledgerOf([0, 2, 3]), { unique: 3, duplicated: 0, reordered: 0, overtaken: 1 });
  assert.deepEqual(ledgerOf([0, 2, 3, 1]), { unique: 4, duplicated: 0, reordered: 1, overtaken: 0 });
});

test("counts every arrival beyond the first as a duplicate, and a duplicate never as reordered", () => {
  assert.deepEqual(ledgerOf([0, 1, 0, 0, 1]), { unique: 2, duplicated: 3, reordered: 0, overtaken: 0 });
});

test("agrees with a set over random sequences with drops, duplicates and reorders", () => {
  const random = seededRandom(7);
  for (let round = 0; round < 200; round++) {
    const sequence = Array.from({ length: 300 }, () => Math.floor(random() * 5000));
    const distinct = new Set(sequence);
    const firsts = sequence.filter((number, index) => sequence.indexOf(number) === index);
    const reordered = firsts.filter((number, index) =>
      firsts.slice(0, index).some((earlier) => earlier > number),
    ).length;
    assert.deepEqual(ledgerOf(sequence), {
      unique: distinct.size,
      duplicated: sequence.length - distinct.size,
      reordered,
      overtaken: Math.max(...sequence) + 1 - distinct.size,
    });
  }
});
