/** Simulations with known truth and fixed seeds: whether the intervals cover as often as they claim. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { medianInterval, ratioInterval } from "./intervals.ts";
import { bimodal, drawTrials, heavyTailed, lognormal, type Shape, seededUniform, skewed } from "./testing.ts";

const rounds = 3000;
const trialCounts = [3, 5, 7, 15] as const;
/** Three standard errors of a coverage of 0.95 in so many rounds. */
const slack = 3 * Math.sqrt((0.95 * 0.05) / rounds);

function coverageOfMedian(shape: Shape, trials: number): number {
  const uniform = seededUniform(trials);
  let covered = 0;
  for (let round = 0; round < rounds; round++) {
    const { low, high } = medianInterval(drawTrials(shape, uniform, trials, 150));
    if (low <= 150 && 150 <= high) covered++;
  }
  return covered / rounds;
}

function coverageOfRatio(shape: Shape, baseShape: Shape, trials: number): number {
  const uniform = seededUniform(100 + trials);
  let covered = 0;
  for (let round = 0; round < rounds; round++) {
    const values = drawTrials(shape, uniform, trials, 150);
    const { low, high } = ratioInterval(values, drawTrials(baseShape, uniform, trials, 100));
    if (low <= 1.5 && 1.5 <= high) covered++;
  }
  return covered / rounds;
}

const nice: [string, Shape][] = [5, 10, 20, 30].map((percent) => [
  `lognormal, CV ${percent} %`,
  lognormal(percent / 100),
]);
const ugly: [string, Shape][] = [
  ["heavy-tailed", heavyTailed(0.1)],
  ["skewed", skewed(0.1)],
  ["one trial in five 40 % slower, otherwise CV 3 %", bimodal(0.03)],
  ["one trial in five 40 % slower, otherwise CV 10 %", bimodal(0.1)],
];

describe("the interval of a median", () => {
  for (const [name, shape] of nice) {
    it(`holds the truth in 95 of 100 runs: ${name}`, () => {
      for (const trials of trialCounts) {
        const coverage = coverageOfMedian(shape, trials);
        assert.ok(coverage >= 0.95 - slack, `${trials} trials: ${coverage}`);
      }
    });
  }

  for (const [name, shape] of ugly) {
    it(`holds it as often with 7 and more trials, and nearly so with fewer: ${name}`, () => {
      for (const trials of trialCounts) {
        const coverage = coverageOfMedian(shape, trials);
        assert.ok(coverage >= (trials >= 6 ? 0.95 - slack : 0.92), `${trials} trials: ${coverage}`);
      }
    });
  }

  it("runs between trials counted from both ends where there are six or more", () => {
    const values = [7, 3, 1, 5, 2, 4, 6];
    assert.deepEqual(medianInterval(values), { value: 4, low: 1, high: 7 });
    const fifteen = Array.from({ length: 15 }, (_, index) => index + 1);
    assert.deepEqual(medianInterval(fifteen), { value: 8, low: 4, high: 12 });
  });

  it("is Student's t on logarithms below that", () => {
    const { value, low, high } = medianInterval([100, 100 * Math.E, 100 / Math.E]);
    const reach = 4.302652729749 / Math.sqrt(3);
    assert.equal(value, 100);
    assert.ok(Math.abs(low / (100 * Math.exp(-reach)) - 1) < 1e-9);
    assert.ok(Math.abs(high / (100 * Math.exp(reach)) - 1) < 1e-9);
  });

  it("is nothing but the value where there are fewer than three trials or no spread", () => {
    assert.deepEqual(medianInterval([3]), { value: 3, low: 3, high: 3 });
    assert.deepEqual(medianInterval([2, 4]), { value: 3, low: 3, high: 3 });
    assert.deepEqual(medianInterval([5, 5, 5]), { value: 5, low: 5, high: 5 });
  });
});

describe("the interval of a ratio", () => {
  for (const [name, shape] of [...nice, ...ugly]) {
    it(`holds the truth in 95 of 100 runs: both ${name}`, () => {
      for (const trials of trialCounts) {
        const coverage = coverageOfRatio(shape, shape, trials);
        assert.ok(coverage >= 0.95 - slack, `${trials} trials: ${coverage}`);
      }
    });
  }

  it("holds it in 93 of 100 when one side varies six times as much as the other", () => {
    for (const trials of trialCounts) {
      const coverage = coverageOfRatio(lognormal(0.3), lognormal(0.05), trials);
      assert.ok(coverage >= 0.93, `${trials} trials: ${coverage}`);
    }
  });

  it("loses some where only one side is disturbed, since means and medians then differ", () => {
    for (const [trials, least] of [
      [3, 0.93],
      [5, 0.93],
      [7, 0.9],
      [15, 0.82],
    ] as const) {
      const coverage = coverageOfRatio(bimodal(0.03), lognormal(0.15), trials);
      assert.ok(coverage >= least, `${trials} trials: ${coverage}`);
    }
  });

  it("holds the ratio of the medians it is shown with", () => {
    const uniform = seededUniform(9);
    for (let round = 0; round < 300; round++) {
      const [a, b] = [drawTrials(bimodal(0.01), uniform, 15), drawTrials(skewed(0.2), uniform, 15)];
      const { value, low, high } = ratioInterval(a, b);
      assert.ok(low <= value && value <= high);
    }
  });

  it("gains nothing from pairing trials by round as long as rounds explain no more than a quarter of the spread", () => {
    const width = (shared: number, paired: boolean): number => {
      const uniform = seededUniform(5);
      let sum = 0;
      for (let round = 0; round < 2000; round++) {
        const common = drawTrials(lognormal(0.1 * Math.sqrt(shared)), uniform, 3);
        const own = () => drawTrials(lognormal(0.1 * Math.sqrt(1 - shared)), uniform, 3);
        const [a, b] = [own(), own()].map((values) => values.map((value, index) => value * common[index]!));
        const interval = paired ? medianInterval(a!.map((value, index) => value / b![index]!)) : ratioInterval(a!, b!);
        sum += Math.log(interval.high / interval.low);
      }
      return sum;
    };
    assert.ok(width(0, false) < 0.85 * width(0, true));
    assert.ok(width(0.25, false) < width(0.25, true));
  });
});
