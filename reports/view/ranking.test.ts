import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { madeUpResults } from "../testing.ts";
import { type IsLower, type Ranked, rank } from "./ranking.ts";
import { viewOf } from "./view.ts";

const [someRow] = viewOf(madeUpResults(undefined, { trials: 1, scenarios: ["idle"] })).rows;

const entry = (name: string, low: number, high: number): Ranked => ({
  row: { ...someRow!, name },
  interval: { value: (low + high) / 2, low, high },
});

/** Stands for a verdict: the intervals do not overlap. */
const apart: IsLower = (a, b) => a.interval.high < b.interval.low;

const namesOf = (entries: readonly Ranked[]) => entries.map(({ row }) => row.name);

describe("ranking", () => {
  it("tells targets apart that have a verdict", () => {
    const { lowest, highest, decided } = rank([entry("a", 1, 2), entry("b", 3, 4), entry("c", 5, 6)], apart);
    assert.deepEqual([namesOf(lowest), namesOf(highest), decided], [["a"], ["c"], true]);
  });

  it("names all that may be the lowest", () => {
    const { lowest, highest } = rank([entry("a", 1, 3), entry("b", 2, 4), entry("c", 5, 6)], apart);
    assert.deepEqual([namesOf(lowest), namesOf(highest)], [["a", "b"], ["c"]]);
  });

  it("decides nothing where no pair has a verdict", () => {
    assert.equal(rank([entry("a", 1, 3), entry("b", 2, 4)], apart).decided, false);
  });

  it("asks nothing but the verdicts for an order", () => {
    const entries = [entry("a", 1, 2), entry("b", 3, 4)];
    assert.equal(rank(entries, () => false).decided, false);
    assert.deepEqual(namesOf(rank(entries, (a, b) => a.row.name === "b" && b.row.name === "a").lowest), ["b"]);
  });
});
