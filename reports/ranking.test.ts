import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chanceOfFalseSeparation, type Ranked, rank } from "./ranking.ts";
import type { Bound } from "./reading.ts";
import type { TargetRow } from "./view.ts";

const entry = (name: string, low: number, high: number, bound?: Bound): Ranked => ({
  row: { target: name, name, protocol: name, info: undefined, cells: new Map() } satisfies TargetRow,
  interval: { value: (low + high) / 2, low, high },
  bound,
});

const namesOf = (entries: readonly Ranked[]) => entries.map(({ row }) => row.name);

describe("ranking", () => {
  it("tells targets apart whose ranges do not overlap", () => {
    const { lowest, highest, decided } = rank([entry("a", 1, 2), entry("b", 3, 4), entry("c", 5, 6)]);
    assert.deepEqual([namesOf(lowest), namesOf(highest), decided], [["a"], ["c"], true]);
  });

  it("names all that may be the lowest", () => {
    const { lowest, highest } = rank([entry("a", 1, 3), entry("b", 2, 4), entry("c", 5, 6)]);
    assert.deepEqual([namesOf(lowest), namesOf(highest)], [["a", "b"], ["c"]]);
  });

  it("decides nothing where all ranges overlap", () => {
    assert.equal(rank([entry("a", 1, 3), entry("b", 2, 4)]).decided, false);
  });

  it("does not put a lower bound below anything, but above", () => {
    assert.equal(rank([entry("a", 1, 2, "at-least"), entry("b", 3, 4)]).decided, false);
    assert.deepEqual(namesOf(rank([entry("a", 1, 2), entry("b", 3, 4, "at-least")]).highest), ["b"]);
  });

  it("does not put an upper bound above anything, but below", () => {
    assert.equal(rank([entry("a", 1, 2), entry("b", 3, 4, "at-most")]).decided, false);
    assert.deepEqual(namesOf(rank([entry("a", 1, 2, "at-most"), entry("b", 3, 4)]).lowest), ["a"]);
  });

  it("knows how often luck alone separates two sets of trials", () => {
    assert.equal(chanceOfFalseSeparation(1), 1);
    assert.equal(chanceOfFalseSeparation(2), 2 / 6);
    assert.equal(chanceOfFalseSeparation(3), 2 / 20);
    assert.equal(chanceOfFalseSeparation(7), 2 / 3432);
  });
});
