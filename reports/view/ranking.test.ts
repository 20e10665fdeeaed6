import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { madeUpResults } from "../testing.ts";
import { type Ranked, type Relation, rank } from "./ranking.ts";
import { viewOf } from "./view.ts";

const [someRow] = viewOf(madeUpResults(undefined, { trials: 1, scenarios: ["idle"] })).rows;

const entry = (name: string, low: number, high: number): Ranked => ({
  row: { ...someRow!, name },
  interval: { value: (low + high) / 2, low, high },
});

/** Stands for a verdict: higher or lower where the intervals do not overlap, equal where the middles are close. */
const apart: Relation = (a, b) => {
  if (a.interval.high < b.interval.low) return "lower";
  if (a.interval.low > b.interval.high) return "higher";
  return Math.abs(a.interval.value - b.interval.value) < 0.1 ? "equal" : "cannot-tell";
};

const namesOf = (entries: readonly Ranked[]) => entries.map(({ row }) => row.name);

const ranked = (...entries: Ranked[]) => {
  const { lowest, perhapsLowest, highest, perhapsHighest, equal } = rank(entries, apart);
  return [...[lowest, perhapsLowest, highest, perhapsHighest].map(namesOf), equal];
};

describe("ranking", () => {
  it("tells targets apart that have a verdict", () => {
    const told = ranked(entry("c", 5, 6), entry("a", 1, 2), entry("b", 3, 4));
    assert.deepEqual(told, [["a"], [], ["c"], [], false]);
  });

  it("names those equal to the lowest with it, and apart from them who may be as low", () => {
    const told = ranked(entry("a", 1, 3), entry("a2", 1.01, 3), entry("b", 2, 4), entry("c", 5, 6));
    assert.deepEqual(told, [["a", "a2"], ["b"], ["c"], [], false]);
  });

  it("never calls lowest what was measured higher than one that is not told from it", () => {
    // As in a run of restless tails: only the quiet one in the middle is told from the highest.
    const restless = entry("websocket", 1, 200);
    const told = ranked(entry("polling", 99, 101), entry("sse", 105, 107), restless, entry("long", 150, 152));
    assert.deepEqual(told[0], ["polling"]);
    const noisyFirst = ranked(entry("noisy", 0, 12), entry("sse", 8, 9), entry("polling", 10, 11));
    assert.deepEqual([noisyFirst[0], noisyFirst[2]], [[], ["polling"]]);
  });

  it("calls nothing the lowest where no pair has a verdict", () => {
    assert.deepEqual(ranked(entry("a", 1, 3), entry("b", 2, 4)), [[], ["b"], [], ["a"], false]);
  });

  it("says so where all are equal", () => {
    assert.equal(ranked(entry("a", 1, 2), entry("b", 1.01, 2), entry("c", 1.02, 2)).at(-1), true);
  });

  it("asks nothing but the verdicts for an order", () => {
    const entries = [entry("a", 1, 2), entry("b", 3, 4)];
    assert.deepEqual(rank(entries, () => "cannot-tell").lowest, []);
  });
});
