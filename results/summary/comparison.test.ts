import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type MadeUpTarget, madeUpCell, madeUpParameters, sixTargets, trialWith } from "../../reports/testing.ts";
import type { Cell, Comparison, MeasuredCell } from "../contract/results.ts";
import { drawSets, lognormal, seededUniform } from "../statistics/testing.ts";
import { comparedIn, comparePairs, compareWithReference } from "./comparison.ts";
import { summarise } from "./summary.ts";

const [tcp, websocket] = sixTargets as [MadeUpTarget, MadeUpTarget, ...MadeUpTarget[]];

function cellOf(target: string, made: Partial<MadeUpTarget>, trials = 3): Cell {
  return madeUpCell("throughput", { ...tcp, verdict: {}, ...made, target, protocol: "tcp" }, trials);
}

const rates = (floor: Cell, value: Cell): Comparison | undefined =>
  compareWithReference([floor, value], floor.target).find(({ metric }) => metric === "achievedRatePerSecond");

const fast = { ratePerSecond: 100 };
const slow = { ratePerSecond: 50 };
const bound: Pick<MadeUpTarget, "verdict"> = { verdict: { throughput: "generator-bound" } };

describe("comparison with the reference", () => {
  it("divides what was measured in the same sets, with an interval and a verdict", () => {
    const { ratio, ...rest } = rates(cellOf("a", fast), cellOf("b", slow))!;
    assert.deepEqual(rest, {
      scenario: "throughput",
      metric: "achievedRatePerSecond",
      reference: "a",
      target: "b",
      sets: 3,
      verdict: "slower",
    });
    assert.ok(Math.abs(ratio.value - 0.5) < 1e-9);
    assert.ok(Math.abs(ratio.low! - 0.5) < 1e-9 && Math.abs(ratio.high! - 0.5) < 1e-9, "what a set shares cancels");
  });

  it("pairs the sets that both have, and takes trials for independent where there are too few", () => {
    const shifted = (by: number): Cell => {
      const cell = structuredClone(cellOf("b", { ratePerSecond: 50, spread: 0.05 }, 5)) as MeasuredCell;
      for (const one of cell.trials) one.trial += by;
      return cell;
    };
    const base = cellOf("a", { ...fast, spread: 0.1 }, 5);
    assert.deepEqual(
      [0, 2, 3, 5].map((by) => rates(base, shifted(by))!.sets),
      [5, 3, 0, 0],
    );
    assert.equal(rates(base, shifted(5))!.verdict, "slower");
  });

  it("says faster and slower by the direction in which the metric is better", () => {
    assert.equal(rates(cellOf("a", slow), cellOf("b", fast))?.verdict, "faster");
    const cells = [cellOf("a", { cpuUs: 10 }), cellOf("b", { cpuUs: 30 })];
    const cpu = compareWithReference(cells, "a").find(({ metric }) => metric === "serverCpuUsPerMessage");
    assert.equal(cpu?.verdict, "slower");
  });

  it("calls equal what can differ by no more than a quarter, and tells nothing of what varies more", () => {
    const jumpy = structuredClone(cellOf("b", { ratePerSecond: 97 })) as MeasuredCell;
    assert.equal(rates(cellOf("a", fast), jumpy)?.verdict, "equal");
    for (const [index, one] of jumpy.trials.entries()) one.measures.achievedRatePerSecond = [60, 95, 150][index]!;
    assert.equal(rates(cellOf("a", fast), jumpy)?.verdict, "cannot-tell");
  });

  it("tells 100 ms from 3 ms with three sets, however restless any other target is", () => {
    const p99 = (target: string, values: readonly number[]): Cell => {
      const cell = structuredClone(madeUpCell("echo", { ...tcp, target, protocol: "tcp" })) as MeasuredCell;
      for (const [index, one] of cell.trials.entries()) one.measures.scheduledP99Us = values[index]!;
      return cell;
    };
    const cells = [
      p99("floor", [2900, 3100, 3000]),
      p99("polling", [99_000, 101_000, 104_000]),
      ...[1, 2, 3, 4].map((n) => p99(`restless-${n}`, [1000, 30_000 * n, 4000])),
    ];
    const found = compareWithReference(cells, "floor").find(
      ({ target, metric }) => target === "polling" && metric === "scheduledP99Us",
    )!;
    assert.equal(found.verdict, "slower");
    assert.ok(found.ratio.low! > 25 && found.ratio.high! < 45);
    const alone = compareWithReference(cells.slice(0, 2), "floor").find(({ metric }) => metric === "scheduledP99Us")!;
    assert.deepEqual(found, alone);
  });

  it("tells a target even from a reference whose own trials agree on no middle", () => {
    const cell = (target: string, p50s: readonly number[]): Cell => {
      const trials = p50s.map((us, index) => trialWith({ trial: index + 1, measures: { connectP50Us: us } }));
      const made = madeUpCell("echo", { ...tcp, target, protocol: "tcp" }) as MeasuredCell;
      return { ...made, trials, ...summarise(trials) };
    };
    const restless = cell("a", [100, 2000, 300]);
    assert.equal((restless as MeasuredCell).absences?.connectP50Us?.kind, "unsettled");
    const connects = (other: Cell) =>
      compareWithReference([restless, other], "a").find(({ metric }) => metric === "connectP50Us");
    assert.equal(connects(cell("b", [2e6, 2.1e6, 1.9e6]))?.verdict, "slower");
    assert.equal(connects(cell("b", [200, 210, 190]))?.verdict, "cannot-tell");
  });

  it("decides nothing with fewer than three trials, and has no interval", () => {
    for (const trials of [1, 2]) {
      const { ratio, verdict, sets } = rates(cellOf("a", fast, trials), cellOf("b", slow, trials))!;
      assert.deepEqual([verdict, sets, Object.keys(ratio)], ["cannot-tell", 0, ["value"]]);
    }
  });

  it("knows numbers exactly that are the same in every trial", () => {
    const cells = [madeUpCell("echo", tcp), madeUpCell("echo", websocket)];
    const bytes = compareWithReference(cells, "tcp").find(({ metric }) => metric === "wireBytesPerMessage");
    assert.deepEqual(bytes?.ratio, { value: 524 / 522, low: 524 / 522, high: 524 / 522 });
    assert.equal(bytes?.verdict, "equal");
  });

  it("turns the bound around when it is the reference that was limited by the load generator", () => {
    const comparison = rates(cellOf("a", { ...fast, ...bound }), cellOf("b", slow));
    assert.deepEqual([comparison?.bound, comparison?.verdict], ["at-most", "slower"]);
    assert.deepEqual(Object.keys(comparison!.ratio), ["value", "high"]);
  });

  it("does not call a lower bound slower, nor a ratio to one faster", () => {
    const below = rates(cellOf("a", fast), cellOf("b", { ...slow, ...bound }));
    assert.deepEqual([below?.bound, below?.verdict], ["at-least", "cannot-tell"]);
    const above = rates(cellOf("a", { ...slow, ...bound }), cellOf("b", fast));
    assert.deepEqual([above?.bound, above?.verdict], ["at-most", "cannot-tell"]);
  });

  it("has no ratio of two bounds", () => {
    assert.equal(rates(cellOf("a", { ...fast, ...bound }), cellOf("b", { ...slow, ...bound })), undefined);
  });

  it("leaves out invalid cells, cells without a reference and the reference itself", () => {
    assert.equal(rates(cellOf("a", fast), cellOf("b", { ...slow, verdict: { throughput: "invalid" } })), undefined);
    assert.deepEqual(compareWithReference([madeUpCell("echo", websocket)], "tcp"), []);
    assert.deepEqual(compareWithReference([madeUpCell("echo", tcp)], "tcp"), []);
  });

  it("uses complete trials only", () => {
    const cell = structuredClone(cellOf("b", slow)) as MeasuredCell;
    cell.trials[2]!.state = "partial";
    assert.equal(rates(cellOf("a", fast), cell)?.verdict, "cannot-tell");
  });
});

/** The rate of a target as a bracket: at least so much, at most `upTo`. */
function bracketed(target: string, ratePerSecond: number, upTo: number): Cell {
  const cell = structuredClone(cellOf(target, { ratePerSecond })) as MeasuredCell;
  Object.assign(cell.summary.achievedRatePerSecond!, { bound: "at-least", upTo });
  return cell;
}

describe("a comparison of brackets", () => {
  it("is sure where they do not overlap, with a ratio that holds both ends", () => {
    const comparison = rates(bracketed("a", 100, 120), bracketed("b", 40, 60))!;
    assert.equal(comparison.verdict, "slower");
    assert.ok(Math.abs(comparison.ratio.low! - 40 / 120) < 1e-9 && Math.abs(comparison.ratio.high! - 60 / 100) < 1e-9);
    const above = rates(cellOf("a", fast), bracketed("b", 150, 300))!;
    assert.deepEqual([above.bound, above.verdict], ["at-least", "faster"]);
    assert.ok(Math.abs(above.ratio.high! - 3) < 1e-9);
  });

  it("tells nothing where they overlap, whatever was measured", () => {
    assert.equal(rates(bracketed("a", 100, 250), bracketed("b", 60, 150))!.verdict, "cannot-tell");
    assert.equal(rates(bracketed("a", 100, 110), bracketed("b", 98, 115))!.verdict, "equal");
  });
});

describe("a whole run", () => {
  const metricNames = ["scheduledP50Us", "scheduledP99Us", "connectP50Us", "serverCpuUsPerMessage"] as const;

  interface Simulated {
    readonly truth: number;
    readonly cv: number;
  }

  /** Cells whose trials are drawn: what a set shares, all targets share. */
  function simulate(targets: readonly Simulated[], sets: number, uniform: () => number): Cell[] {
    const parameters = madeUpParameters("echo");
    const drawn = metricNames.map(() =>
      drawSets(
        { truths: targets.map(({ truth }) => truth), shapes: targets.map(({ cv }) => lognormal(cv)), sets },
        uniform,
      ),
    );
    return targets.map((_, target): Cell => {
      const measuresOf = (set: number) =>
        Object.fromEntries(metricNames.map((name, metric) => [name, drawn[metric]![target]![set]!]));
      const trials = Array.from({ length: sets }, (_, set) => trialWith({ trial: set + 1, measures: measuresOf(set) }));
      return {
        target: `target-${target}`,
        protocol: "tcp",
        scenario: "echo",
        parameters,
        state: "measured",
        validity: { verdict: "valid", flags: [] },
        trials,
        summary: Object.fromEntries(metricNames.map((name) => [name, { value: 1, low: 1, high: 1 }])),
        predictions: [],
      };
    });
  }

  function runsOf(targets: readonly Simulated[], sets: number, runs: number): Comparison[][] {
    const uniform = seededUniform(sets);
    return Array.from({ length: runs }, () => compareWithReference(simulate(targets, sets, uniform), "target-0"));
  }

  const isTold = ({ verdict }: Comparison): boolean => verdict === "faster" || verdict === "slower";
  const share = <T>(all: readonly T[], matches: (one: T) => boolean): number => all.filter(matches).length / all.length;

  it("of equal targets tells hardly any apart, and in most runs none of 20 comparisons", () => {
    for (const [cv, each, anywhere] of [
      [0.03, 0.001, 0.01],
      [0.05, 0.01, 0.06],
      [0.1, 0.025, 0.25],
    ] as const) {
      const runs = runsOf(new Array(6).fill({ truth: 1, cv }), 5, 400);
      const [single, any] = [share(runs.flat(), isTold), share(runs, (run) => run.some(isTold))];
      assert.ok(single <= each && any <= anywhere, `${cv * 100} %: ${single} of comparisons, ${any} of runs`);
    }
  });

  it("tells 1.5 times in 95 of 100 runs of 5 sets with 10 % noise, and as often beside targets with 60 %", () => {
    const quiet = [
      { truth: 1, cv: 0.1 },
      { truth: 1.5, cv: 0.1 },
    ];
    const restless = [0, 1, 2, 3].map(() => ({ truth: 2, cv: 0.6 }));
    for (const targets of [quiet, [...quiet, ...restless]]) {
      const pair = runsOf(targets, 5, 400)
        .flat()
        .filter(({ target }) => target === "target-1");
      const told = share(pair, ({ verdict }) => verdict === "slower");
      assert.ok(told >= 0.95, `${targets.length} targets: ${told}`);
    }
  });

  it("holds the true ratio in 94 of 100 intervals of 5 sets", () => {
    const runs = runsOf([{ truth: 1, cv: 0.1 }, ...[1, 1.5, 3, 50].map((truth) => ({ truth, cv: 0.2 }))], 5, 400);
    const truthOf = { "target-1": 1, "target-2": 1.5, "target-3": 3, "target-4": 50 } as Record<string, number>;
    const held = share(
      runs.flat(),
      ({ target, ratio: { low, high } }) => low! <= truthOf[target]! && truthOf[target]! <= high!,
    );
    assert.ok(held >= 0.94, `${held}`);
  });
});

describe("what targets are compared by", () => {
  it("is told by the metric and the kind of load, so that the same thing is not compared again and again", () => {
    const names = (scenario: string) => comparedIn(madeUpCell(scenario, tcp)).map(({ name }) => name);
    assert.deepEqual(names("echo"), [
      "scheduledP50Us",
      "scheduledP99Us",
      "connectP50Us",
      "serverCpuUsPerMessage",
      "wireBytesPerMessage",
    ]);
    assert.deepEqual(names("throughput"), ["achievedRatePerSecond", "serverCpuUsPerMessage"]);
    assert.deepEqual(names("duplex"), ["uplinkP50Us", "downlinkP50Us"]);
    assert.deepEqual(names("idle"), ["memoryBytesPerConnection"]);
  });
});

describe("comparison of idle cells", () => {
  const memory = { memoryBytes: 4096 };

  it("is by memory, unless the server was not started for it", () => {
    const cells = [madeUpCell("idle", { ...tcp, ...memory }), madeUpCell("idle", { ...websocket, memoryBytes: 8192 })];
    const [comparison] = compareWithReference(cells, "tcp");
    assert.ok(Math.abs(comparison!.ratio.value - 2) < 0.01);
    const foreign = madeUpCell("idle", { ...websocket, memoryBytes: 8192, foreign: true });
    assert.deepEqual(compareWithReference([cells[0]!, foreign], "tcp"), []);
  });

  it("has an interval and no ratio where memory falls", () => {
    const falling = madeUpCell("idle", { ...websocket, memoryBytes: -1000 }) as MeasuredCell;
    const { value, low, high } = falling.summary.memoryBytesPerConnection!;
    assert.deepEqual([value, low, high].map(Math.round), [-1000, -1040, -960]);
    assert.deepEqual(compareWithReference([madeUpCell("idle", { ...tcp, ...memory }), falling], "tcp"), []);
  });
});

describe("comparison of variants", () => {
  const variantOf = (cell: Cell, variant: string): Cell => ({ ...cell, variant });

  it("sets a variant beside the same variant of the reference only", () => {
    const cells = [
      variantOf(cellOf("a", fast), "small"),
      variantOf(cellOf("a", slow), "large"),
      variantOf(cellOf("b", slow), "small"),
      variantOf(cellOf("b", slow), "large"),
      variantOf(cellOf("b", slow), "huge"),
    ];
    const found = compareWithReference(cells, "a").filter(({ metric }) => metric === "achievedRatePerSecond");
    assert.deepEqual(
      found.map(({ variant, ratio, verdict }) => [variant, Number(ratio.value.toFixed(6)), verdict]),
      [
        ["small", 0.5, "slower"],
        ["large", 1, "equal"],
      ],
    );
  });

  it("has no variant where the cells have none", () => {
    assert.equal("variant" in rates(cellOf("a", fast), cellOf("b", slow))!, false);
  });
});

describe("comparison of every pair", () => {
  it("puts the reference below the line wherever it takes part, and gives it the same numbers", () => {
    const cells = [cellOf("a", fast), cellOf("b", slow), cellOf("c", { ratePerSecond: 70 })];
    const named = comparePairs(cells, "b").map(({ target, reference }) => `${target}/${reference}`);
    assert.deepEqual(new Set(named), new Set(["a/b", "c/b", "c/a"]));
    assert.deepEqual(
      compareWithReference(cells, "b").map(({ ratio }) => ratio),
      comparePairs(cells, "b").flatMap(({ reference, ratio }) => (reference === "b" ? [ratio] : [])),
    );
  });
});
