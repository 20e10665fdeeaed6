/** Simulations with known truth and fixed seeds: whether the intervals cover as often as they claim. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { independentInterval, medianInterval, pairedInterval, trialsForPrecision } from "./intervals.ts";
import { bimodal, drawSets, drawTrials, heavyTailed, lognormal, type Shape, seededUniform, skewed } from "./testing.ts";

const rounds = 3000;
const trialCounts = [3, 5, 7, 8, 15] as const;
/** Three standard errors of a coverage of 0.95 in so many rounds. */
const slack = 3 * Math.sqrt((0.95 * 0.05) / rounds);

/** Share of rounds in which an interval around the truth is drawn. */
function coverage(seed: number, truth: number, draw: (uniform: () => number) => { low: number; high: number }): number {
  const uniform = seededUniform(seed);
  let covered = 0;
  for (let round = 0; round < rounds; round++) {
    const { low, high } = draw(uniform);
    if (low <= truth && truth <= high) covered++;
  }
  return covered / rounds;
}

const nice: [string, Shape][] = [5, 10, 20, 60].map((percent) => [
  `lognormal, CV ${percent} %`,
  lognormal(percent / 100),
]);
const ugly: [string, Shape][] = [
  ["heavy-tailed", heavyTailed(0.1)],
  ["skewed", skewed(0.1)],
  ["one trial in five 40 % slower, otherwise CV 10 %", bimodal(0.1)],
];

describe("the interval of a median", () => {
  const covers = (shape: Shape, trials: number): number =>
    coverage(trials, 150, (uniform) => medianInterval(drawTrials(shape, uniform, trials, 150)));

  for (const [name, shape] of nice) {
    it(`holds the truth in 95 of 100 runs: ${name}`, () => {
      for (const trials of trialCounts) {
        const share = covers(shape, trials);
        assert.ok(share >= 0.95 - slack, `${trials} trials: ${share}`);
      }
    });
  }

  for (const [name, shape] of ugly) {
    it(`holds it nearly as often, and less with many trials, since mean and median of such differ: ${name}`, () => {
      for (const trials of trialCounts) {
        const share = covers(shape, trials);
        assert.ok(share >= (trials > 10 ? 0.85 : 0.9), `${trials} trials: ${share}`);
      }
    });
  }

  it("becomes narrower with every trial, on average", () => {
    const widthOf = (trials: number): number => {
      const uniform = seededUniform(1);
      let sum = 0;
      for (let round = 0; round < rounds; round++) {
        const { low, high } = medianInterval(drawTrials(lognormal(0.15), uniform, trials));
        sum += Math.log(high / low);
      }
      return sum / rounds;
    };
    const widths = [3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20].map(widthOf);
    for (const [index, width] of widths.entries()) {
      assert.ok(index === 0 || width < widths[index - 1]!, `${widths.map((one) => one.toFixed(3))}`);
    }
  });

  it("is Student's t on logarithms, and holds the median", () => {
    const { value, low, high } = medianInterval([100, 100 * Math.E, 100 / Math.E]);
    const reach = 4.302652729749 / Math.sqrt(3);
    assert.equal(value, 100);
    assert.ok(Math.abs(low / (100 * Math.exp(-reach)) - 1) < 1e-9);
    assert.ok(Math.abs(high / (100 * Math.exp(reach)) - 1) < 1e-9);
    const uniform = seededUniform(9);
    for (let round = 0; round < 300; round++) {
      const one = medianInterval(drawTrials(bimodal(0.01), uniform, 15));
      assert.ok(one.low <= one.value && one.value <= one.high);
    }
  });

  it("is nothing but the value where there are fewer than three trials or no spread", () => {
    assert.deepEqual(medianInterval([3]), { value: 3, low: 3, high: 3 });
    assert.deepEqual(medianInterval([2, 4]), { value: 3, low: 3, high: 3 });
    assert.deepEqual(medianInterval([5, 5, 5]), { value: 5, low: 5, high: 5 });
  });
});

/** The ratio of 1.5 from sets that share a machine off by 20 % from set to set. */
const pairedRatio = (shape: Shape, baseShape: Shape, sets: number, uniform: () => number) => {
  const [values, base] = drawSets({ truths: [150, 100], shapes: [shape, baseShape], sets }, uniform);
  return { values: values!, base: base!, paired: pairedInterval(values!.map((value, set) => value / base![set]!))! };
};

describe("the interval of a paired ratio", () => {
  for (const [name, shape, least] of [
    ...nice.map(([name, shape]) => [name, shape, 0.95 - slack] as const),
    ...ugly.map(([name, shape]) => [name, shape, 0.93] as const),
  ]) {
    it(`holds the truth in ${Math.round(least * 100)} of 100 runs: ${name}, on a drifting machine`, () => {
      for (const sets of trialCounts) {
        const share = coverage(100 + sets, 1.5, (uniform) => pairedRatio(shape, shape, sets, uniform).paired);
        assert.ok(share >= least, `${sets} sets: ${share}`);
      }
    });
  }

  it("holds it as often when one side varies twelve times as much as the other", () => {
    for (const sets of trialCounts) {
      const share = coverage(
        sets,
        1.5,
        (uniform) => pairedRatio(lognormal(0.6), lognormal(0.05), sets, uniform).paired,
      );
      assert.ok(share >= 0.95 - slack, `${sets} sets: ${share}`);
    }
  });

  it("is far narrower than that of trials taken for independent where the machine drifts", () => {
    const uniform = seededUniform(5);
    let [paired, independent] = [0, 0];
    for (let round = 0; round < 1000; round++) {
      const drawn = pairedRatio(lognormal(0.05), lognormal(0.05), 5, uniform);
      const apart = independentInterval(drawn.values, drawn.base)!;
      paired += Math.log(drawn.paired.high / drawn.paired.low);
      independent += Math.log(apart.high / apart.low);
    }
    assert.ok(paired < independent / 2, `${paired / independent}`);
  });

  it("is certain where every set says the same", () => {
    assert.deepEqual(pairedInterval([1.5, 1.5, 1.5]), { value: 1.5, low: 1.5, high: 1.5 });
  });

  it("does not exist for two sets", () => {
    assert.equal(pairedInterval([1.4, 1.5]), undefined);
  });
});

describe("the interval of a ratio of independent trials", () => {
  for (const covered of [0.95, 0.99]) {
    it(`holds the truth in ${covered * 100} of 100 runs, also where one side varies six times as much`, () => {
      for (const [a, b] of [
        [0.1, 0.1],
        [0.3, 0.05],
      ] as const) {
        for (const trials of trialCounts) {
          const share = coverage(
            trials,
            1.5,
            (uniform) =>
              independentInterval(
                drawTrials(lognormal(a), uniform, trials, 150),
                drawTrials(lognormal(b), uniform, trials, 100),
                covered,
              )!,
          );
          assert.ok(share >= covered - 0.015, `${trials} trials: ${share}`);
        }
      }
    });
  }

  it("is certain where all trials of both read the same, and does not exist for two", () => {
    assert.deepEqual(independentInterval([3, 3, 3], [2, 2, 2]), { value: 1.5, low: 1.5, high: 1.5 });
    assert.equal(independentInterval([3, 4], [2, 2, 2]), undefined);
  });
});

describe("trials that are added until the interval is narrow", () => {
  /** The range of noise to target in which the number of trials varies most. */
  const noises = [0.02, 0.05, 0.1, 0.15, 0.2, 0.4];
  const share = 0.1;
  const trialsMax = 30;

  it("hold the truth in 94 of 100 runs, since a pilot decides how many they are", () => {
    for (const pilot of [3, 5, 7]) {
      for (const cv of noises) {
        const held = coverage(pilot, 150, (uniform) => {
          const values = drawTrials(lognormal(cv), uniform, trialsMax, 150);
          return medianInterval(values.slice(0, trialsForPrecision(values.slice(0, pilot), share)), pilot);
        });
        assert.ok(held >= 0.94, `pilot of ${pilot}, ${cv}: ${held}`);
      }
    }
  });

  it("hold it in as many of a ratio whose two sides ask for different numbers", () => {
    for (const cv of noises) {
      const held = coverage(1, 1.5, (uniform) => {
        const truths = [150, 100];
        const shapes = [lognormal(cv), lognormal(cv)];
        const drawn = drawSets({ truths, shapes, sets: trialsMax, drift: 0.02 }, uniform);
        const [values, base] = drawn.map((own) => own.slice(0, trialsForPrecision(own.slice(0, 5), share)));
        const sets = Math.min(values!.length, base!.length);
        return pairedInterval(values!.slice(0, sets).map((value, set) => value / base![set]!))!;
      });
      assert.ok(held >= 0.93, `${cv}: ${held}`);
    }
  });

  it("reach as far as was asked for, or less", () => {
    const uniform = seededUniform(2);
    for (let round = 0; round < 300; round++) {
      const values = drawTrials(lognormal(0.1), uniform, 500);
      const enough = values.slice(0, trialsForPrecision(values.slice(0, 5), 0.05));
      const { low, high } = medianInterval(enough, 5);
      assert.ok(enough.length === 500 || Math.sqrt(high / low) <= 1.05 * (1 + 1e-9), `${low} to ${high}`);
    }
  });

  it("are as many as the pilot where that is precise, and no number where it tells nothing", () => {
    assert.equal(trialsForPrecision([100, 101, 99], 0.5), 3);
    assert.equal(trialsForPrecision([100, 100, 100], 0.001), 3);
    assert.equal(trialsForPrecision([100, 101], 0.5), Number.POSITIVE_INFINITY);
    assert.equal(trialsForPrecision([100, 0, 101], 0.5), Number.POSITIVE_INFINITY);
  });
});
