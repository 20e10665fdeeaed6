/** Simulations with fixed seeds: how often equal targets are told apart, and how often unequal ones are. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Decision, decide, type Pair } from "./decide.ts";
import { holmAdjusted } from "./holm.ts";
import { noiseRatios } from "./noise.ts";
import { shareVariances } from "./shared-variance.ts";
import { bimodal, drawTrials, heavyTailed, lognormal, type Shape, seededUniform } from "./testing.ts";

/** As in a whole comparison: 6 targets, 9 compared metrics over 3 scenarios, every pair of targets. */
const targets = [0, 1, 2, 3, 4, 5];
const metricCount = 9;
const allPairs: Pair[] = targets.flatMap((a) => targets.slice(0, a).map((b) => [a, b] as const));

type ShapeOf = (target: number, metric: number) => Shape;

function simulateRun(shapeOf: ShapeOf, uniform: () => number, trials: number, truth = (_: number) => 1): Decision[][] {
  return decide(
    Array.from({ length: metricCount }, (_, metric) => ({
      samples: targets.map((target) => drawTrials(shapeOf(target, metric), uniform, trials, truth(target))),
      pairs: allPairs,
      resolution: 1.002,
    })),
  );
}

function shareOfFalseRuns(shapeOf: ShapeOf, trials: number, runs: number): number {
  const uniform = seededUniform(trials);
  let wrong = 0;
  for (let run = 0; run < runs; run++) {
    if (simulateRun(shapeOf, uniform, trials).some((one) => one.some(({ direction }) => direction))) wrong++;
  }
  return wrong / runs;
}

const deviations = [0.02, 0.05, 0.1, 0.2, 0.3, 0.15];
/** Name, shapes, the share of false runs that is allowed for each number of trials, and how many runs tell it. */
const worlds: [string, ShapeOf, Record<number, number>, number][] = [
  ["all alike, CV 5 %", () => lognormal(0.05), { 3: 0.05, 5: 0.05, 7: 0.05, 15: 0.05 }, 1000],
  ["all alike, CV 30 %", () => lognormal(0.3), { 3: 0.05, 7: 0.05 }, 300],
  [
    "each cell with its own spread, CV 2 to 30 %",
    (target, metric) => lognormal(deviations[(target + metric) % 6]!),
    { 3: 0.05, 7: 0.05, 15: 0.05 },
    300,
  ],
  ["heavy-tailed", () => heavyTailed(0.1), { 3: 0.05, 7: 0.05 }, 300],
  [
    "one target six times as restless as the others",
    (target) => lognormal(target === 2 ? 0.3 : 0.05),
    { 3: 0.1, 7: 0.05 },
    300,
  ],
  ["one trial in five 40 % slower", () => bimodal(0.03), { 3: 0.12, 7: 0.05 }, 300],
];

describe("a whole run of equal targets", () => {
  for (const [name, shapeOf, limits, runs] of worlds) {
    for (const [trials, limit] of Object.entries(limits)) {
      it(`calls something faster or slower in at most ${limit * 100} of 100 runs: ${name}, ${trials} trials`, () => {
        const share = shareOfFalseRuns(shapeOf, Number(trials), runs);
        assert.ok(share <= limit, `${share}`);
      });
    }
  }

  it("stays within its noise ratio in 95 of 100 comparisons", () => {
    for (const trials of [3, 5, 7, 15]) {
      const uniform = seededUniform(trials);
      const all = Array.from({ length: 40 }, () => simulateRun(() => lognormal(0.1), uniform, trials)).flat(2);
      const beyond = all.filter(({ ratio, noiseRatio }) => Math.abs(Math.log(ratio.value)) > Math.log(noiseRatio!));
      const share = beyond.length / all.length;
      assert.ok(share > 0.035 && share < 0.065, `${trials} trials: ${share}`);
    }
  });
});

describe("a real difference", () => {
  const powerOf = (factor: number, cv: number, trials: number): number => {
    const uniform = seededUniform(11);
    const pair = allPairs.findIndex(([a, b]) => a === 3 && b === 0);
    const runs = Array.from({ length: 100 }, () =>
      simulateRun(
        () => lognormal(cv),
        uniform,
        trials,
        (target) => (target === 3 ? factor : 1),
      ),
    );
    return runs.filter(([first]) => first![pair]!.direction === "higher").length / runs.length;
  };

  it("of 30 % is found in more than 90 of 100 runs with CV 5 % and 7 trials", () => {
    assert.ok(powerOf(1.3, 0.05, 7) > 0.9);
  });

  it("of a factor of 4 is found in as many with CV 20 % and 3 trials", () => {
    assert.ok(powerOf(4, 0.2, 3) > 0.9);
  });

  it("of 5 % is not found with CV 30 % and 3 trials", () => {
    assert.ok(powerOf(1.05, 0.3, 3) < 0.05);
  });
});

describe("a decision", () => {
  const one = (a: number[], b: number[], resolution = 1): Decision =>
    decide([{ samples: [a, b], pairs: [[0, 1]], resolution }])[0]![0]!;

  it("is certain where every trial of both reads the same", () => {
    const { direction, ratio, adjustedPValue } = one([524, 524, 524], [522, 522, 522]);
    assert.deepEqual([direction, ratio.low, ratio.high, adjustedPValue], ["higher", 524 / 522, 524 / 522, 0]);
    assert.equal(one([522, 522, 522], [522, 522, 522]).direction, undefined);
  });

  it("is not made on a step the metric cannot resolve", () => {
    assert.equal(one([100.1, 100.1, 100.1], [100, 100, 100], 1.002).direction, undefined);
  });

  it("is not made with fewer than three trials", () => {
    assert.equal(one([100, 101], [1, 1.01]).direction, undefined);
    assert.deepEqual([one([100], [1]).direction, one([100], [1]).noiseRatio], [undefined, undefined]);
  });

  it("asks of a single sample whether it differs from 1", () => {
    const alone = (values: number[]) => decide([{ samples: [values], pairs: [[0]], resolution: 1 }])[0]![0]!;
    assert.equal(alone([1.4, 1.41, 1.39]).direction, "higher");
    assert.equal(alone([0.9, 1.2, 1.05]).direction, undefined);
  });
});

describe("its parts", () => {
  it("adjust probabilities as Holm does", () => {
    assert.deepEqual(holmAdjusted([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02]);
    assert.deepEqual(holmAdjusted([]), []);
  });

  it("take the noise from the trials of one cell, and less of it for more trials", () => {
    const noise = noiseRatios(
      [
        [100, 105, 95],
        [200, 210, 190],
        [7, 7.4, 6.6],
      ],
      1,
    );
    assert.ok(noise(3, 3)! > 1.05 && noise(3, 3)! < 1.2);
    assert.ok(noise(15, 15)! < noise(3, 3)!);
    assert.equal(noiseRatios([[1], [2]], 1)(1, 1), undefined);
  });

  it("draw variances together, but leave a cell without spread alone", () => {
    const quiet = [100, 100.1, 99.9];
    const [[own, , , still]] = shareVariances([[quiet, [100, 110, 90], [100, 112, 92], [5, 5, 5]]]) as [
      ReturnType<typeof shareVariances>[number],
    ];
    assert.ok(own!.variance > 1e-5 && own!.degreesOfFreedom > 2);
    assert.deepEqual(still, { variance: 0, degreesOfFreedom: 2 });
  });
});
