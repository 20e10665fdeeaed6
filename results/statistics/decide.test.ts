/** Simulations with fixed seeds: how often equal targets are told apart, and how often unequal ones are. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decide, equivalentRatio, noticeableRatio, withinRatio } from "./decide.ts";
import { pairedInterval } from "./intervals.ts";
import { drawSets, lognormal, seededUniform } from "./testing.ts";

const decidePair = ([values, base]: readonly [readonly number[], readonly number[]]) =>
  decide(pairedInterval(values.map((value, index) => value / base[index]!))!);

/** How often each is decided of two targets, so many sets of which were measured on a machine that drifts by 20 %. */
function shares(ratio: number, cv: number, sets: number, runs = 3000) {
  const uniform = seededUniform(sets);
  const count = { higher: 0, lower: 0, equal: 0, "cannot-tell": 0 };
  for (let run = 0; run < runs; run++) {
    const [base, values] = drawSets({ truths: [1, ratio], shapes: [lognormal(cv), lognormal(cv)], sets }, uniform);
    count[decidePair([values!, base!])] += 1 / runs;
  }
  return count;
}

describe("equal targets", () => {
  for (const [cv, limit] of [
    [0.05, 0.01],
    [0.1, 0.025],
    [0.3, 0.05],
  ] as const) {
    it(`are told apart in at most ${limit * 100} of 100 comparisons with ${cv * 100} % noise`, () => {
      for (const sets of [3, 5, 7, 15]) {
        const { higher, lower } = shares(1, cv, sets);
        assert.ok(higher + lower <= limit, `${sets} sets: ${higher + lower}`);
      }
    });
  }

  it("are called equal with 5 sets and 5 % noise", () => {
    const { equal } = shares(1, 0.05, 5);
    assert.ok(equal >= 0.95, `${equal}`);
  });
});

describe("a real difference", () => {
  it("of 1.5 times is told in 95 of 100 runs with 5 sets and 10 % noise", () => {
    const { higher, lower } = shares(1.5, 0.1, 5);
    assert.ok(higher >= 0.95, `${higher}`);
    assert.equal(lower, 0);
  });

  it("of 30 times is told with 3 sets and 50 % noise", () => {
    const { higher } = shares(33, 0.5, 3);
    assert.ok(higher >= 0.95, `${higher}`);
  });

  it("of 1.5 times is called equal in at most 5 of 100 runs, whatever the noise", () => {
    for (const cv of [0.02, 0.1, 0.3]) {
      const { equal } = shares(1.5, cv, 5);
      assert.ok(equal <= 0.05, `${cv}: ${equal}`);
    }
  });
});

describe("a decision", () => {
  it("is what the whole interval says", () => {
    assert.equal(decide({ low: 2.4, high: 3.7 }), "higher");
    assert.equal(decide({ low: 0.2, high: 0.5 }), "lower");
    assert.equal(decide({ low: 0.9, high: 1.13 }), "equal");
    assert.equal(decide({ low: 0.9, high: 1.6 }), "cannot-tell");
  });

  it("names the order where a difference is both sure and small", () => {
    assert.equal(decide({ low: 1.07, high: 1.13 }), "higher");
  });

  it("leaves differences below what is noticeable untold, however sure they are", () => {
    assert.equal(decide({ low: 1.004, high: 1.004 }), "equal");
    assert.equal(decide({ low: 1.01, high: equivalentRatio + 0.01 }), "cannot-tell");
    assert.equal(decide({ low: noticeableRatio, high: noticeableRatio }), "equal");
  });

  it("rests on no end that is unknown", () => {
    assert.equal(decide({ low: 1.5 }), "higher");
    assert.equal(decide({ low: 0.5 }), "cannot-tell");
    assert.equal(decide({ high: 0.5 }), "lower");
    assert.equal(decide({ high: 1.1 }), "cannot-tell");
    assert.equal(decide({}), "cannot-tell");
  });

  it("goes with how far apart the two may be", () => {
    assert.equal(withinRatio({ low: 0.8, high: 1.1 }), 1.25);
    assert.equal(withinRatio({ low: 1, high: 1 }), 1);
    assert.equal(withinRatio({ low: 0.9 }), Number.POSITIVE_INFINITY);
  });
});
