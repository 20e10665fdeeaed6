import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { renderComparisonMarkdown, renderComparisonText } from "../../reports/regression/regression-views.ts";
import { type MadeUpTarget, madeUpResults, sixTargets } from "../../reports/testing.ts";
import type { MeasuredCell, Results } from "../contract/results.ts";
import { decide } from "../statistics/decide.ts";
import { independentInterval } from "../statistics/intervals.ts";
import { drawTrials, lognormal, seededUniform } from "../statistics/testing.ts";
import { differencesBetween, remarksOn } from "./comparability.ts";
import { compareResults, regressionLevel, regressionsOf } from "./regression.ts";

const [tcp, websocket] = sixTargets as [MadeUpTarget, MadeUpTarget, ...MadeUpTarget[]];
const targets = [tcp, websocket];
const before = madeUpResults(targets);

/** Results of the same targets, the second of which changed. */
const changed = (change: Partial<MadeUpTarget>, trials = 3): Results =>
  madeUpResults([tcp, { ...websocket, ...change }], { trials });

/** A deep copy with something done to it. */
function edited(edit: (results: Results) => void, results = before): Results {
  const copy = structuredClone(results);
  edit(copy);
  return copy;
}

const cellIn = ({ cells }: Results, target: string, scenario: string): MeasuredCell =>
  cells.find((cell) => cell.target === target && cell.scenario === scenario) as MeasuredCell;

describe("what is comparable", () => {
  it("is the same measurement twice, whatever the seed, the version and the time", () => {
    const after = edited((results) => {
      results.seed = 8;
      results.tool.version = "2.0.0";
      results.environment.components.ws = "9.0.0";
      results.environment.runtime = "Node.js v24.9.0";
      results.environment.memoryBytes += 4096;
    });
    assert.deepEqual(differencesBetween(before, after), []);
    assert.deepEqual(remarksOn(before, after), [
      "runtime: Node.js v24.0.0 in A, Node.js v24.9.0 in B",
      "wirebench: 1.2.3 (0123456789ab) in A, 2.0.0 (0123456789ab) in B",
      "ws: 8.0.0 in A, 9.0.0 in B",
    ]);
  });

  it("is not another machine or another major version of the runtime", () => {
    const after = edited(({ environment }) => {
      environment.cpu = "Other CPU";
      environment.cores = 4;
      environment.memoryBytes *= 2;
      environment.os = "Linux 7.0.0 x64";
      environment.runtime = "Node.js v26.0.0";
    });
    assert.deepEqual(differencesBetween(before, after), [
      "cpu: Example CPU in A, Other CPU in B",
      "cores: 8 in A, 4 in B",
      "memory: 16.0 GiB in A, 32.0 GiB in B",
      "operating system: Linux 6.0.0 x64 in A, Linux 7.0.0 x64 in B",
      "runtime major version: Node.js v24 in A, Node.js v26 in B",
    ]);
  });

  it("is not another parameter, another state, a missing cell or too few trials; all are listed", () => {
    const after = edited((results) => {
      const { parameters } = cellIn(results, "tcp", "echo");
      parameters.connections = 32;
      parameters.load = { kind: "open", ratePerSecond: 500 };
      results.cells = results.cells.filter((cell) => cell.target !== "websocket" || cell.scenario !== "duplex");
      cellIn(results, "tcp", "duplex").trials.pop();
      const { target, protocol, scenario, parameters: asked } = cellIn(results, "websocket", "echo");
      const failed = { target, protocol, scenario, parameters: asked, state: "refused", reason: "it fails" } as const;
      results.cells = results.cells.map((cell) =>
        cell.target === target && cell.scenario === scenario ? failed : cell,
      );
    });
    assert.deepEqual(differencesBetween(before, after), [
      "tcp, echo: connections: 16 in A, 32 in B",
      "tcp, echo: load.ratePerSecond: 2000 in A, 500 in B",
      "websocket, echo: measured in A, refused (it fails) in B",
      "tcp, duplex: 2 trials in B, at least 3 are needed to tell a change from chance",
      "websocket, duplex: missing in B",
    ]);
    assert.ok(differencesBetween(after, before).includes("websocket, duplex: missing in A"));
  });
});

describe("two runs of the same code", () => {
  it("show a regression in at most 10 of 100 comparisons of 60 numbers, and one of 1.5 times is found", () => {
    const uniform = seededUniform(3);
    const decideAt = (cv: number, ratio: number) =>
      decide(
        independentInterval(
          drawTrials(lognormal(cv), uniform, 5, ratio),
          drawTrials(lognormal(cv), uniform, 5),
          regressionLevel,
        )!,
      );
    for (const cv of [0.02, 0.05, 0.1]) {
      const runs = Array.from({ length: 200 }, () => Array.from({ length: 60 }, () => decideAt(cv, 1)));
      const alarms = runs.filter((run) => run.includes("higher")).length / runs.length;
      assert.ok(alarms <= 0.1, `${cv}: ${alarms}`);
    }
    const found = Array.from({ length: 1000 }, () => decideAt(0.1, 1.5)).filter((one) => one === "higher").length;
    assert.ok(found >= 900, `${found}`);
  });
});

describe("a comparison of two results", () => {
  it("finds nothing between a file and itself", () => {
    const comparison = compareResults(before, before, 0.05);
    assert.deepEqual(regressionsOf(comparison), []);
    assert.ok(comparison.changes.length >= 16);
    for (const { ratio, verdict } of comparison.changes) assert.deepEqual([ratio.value, verdict], [1, "equal"]);
  });

  it("finds what became worse, and nothing else", () => {
    const comparison = compareResults(before, changed({ roundTripUs: websocket.roundTripUs * 1.5 }), 0.05);
    const found = regressionsOf(comparison).map(({ target, metric }) => `${target} ${metric}`);
    assert.deepEqual(found, [
      "websocket scheduledP50Us",
      "websocket scheduledP99Us",
      "websocket connectP50Us",
      "websocket uplinkP50Us",
      "websocket downlinkP50Us",
    ]);
  });

  it("calls a higher rate faster and a lower one a regression", () => {
    const rate = (ratePerSecond: number) =>
      compareResults(before, changed({ ratePerSecond }), 0.05).changes.find(
        ({ target, metric }) => target === "websocket" && metric === "achievedRatePerSecond",
      );
    assert.deepEqual([rate(75_000)?.verdict, rate(75_000)?.regression], ["faster", false]);
    assert.deepEqual([rate(30_000)?.verdict, rate(30_000)?.regression], ["slower", true]);
  });

  it("tolerates what is worse by less than the threshold, and does not believe what chance explains", () => {
    const half = changed({ roundTripUs: websocket.roundTripUs * 1.5 });
    assert.deepEqual(regressionsOf(compareResults(before, half, 0.6)), []);
    const noisy = (roundTripUs: number) =>
      madeUpResults(targets.map((made) => ({ ...made, spread: 0.3, ...(made === websocket && { roundTripUs }) })));
    const lucky = compareResults(noisy(150), noisy(180), 0.05);
    assert.deepEqual(
      regressionsOf(lucky).filter(({ metric }) => metric !== "connectP50Us"),
      [],
    );
  });

  it("says that a cell became invalid, and compares nothing of it", () => {
    const after = changed({ verdict: { echo: "invalid" } });
    const { turnedInvalid, notCompared, changes } = compareResults(before, after, 0.05);
    assert.deepEqual(turnedInvalid, ["websocket, echo"]);
    assert.ok(notCompared.includes("websocket, echo: invalid: 7 of 1000 messages were lost (B)"));
    assert.ok(!changes.some(({ target, scenario }) => target === "websocket" && scenario === "echo"));
    assert.deepEqual(compareResults(after, after, 0.05).turnedInvalid, []);
  });

  it("does not call it a regression when the load generator was the limit in B", () => {
    const after = changed({ ratePerSecond: 20_000, verdict: { throughput: "generator-bound" } });
    const rate = compareResults(before, after, 0.05).changes.find(
      ({ target, metric }) => target === "websocket" && metric === "achievedRatePerSecond",
    );
    assert.deepEqual([rate?.bound, rate?.afterBound, rate?.verdict], ["at-least", "at-least", "cannot-tell"]);
  });

  it("does not set two bounds against each other, and says so", () => {
    const { notCompared } = compareResults(before, before, 0.05);
    assert.deepEqual(notCompared, ["tcp, throughput: achieved rate: bounds in both files, whose ratio bounds nothing"]);
  });

  it("sets a variant beside the same variant only", () => {
    const variants = (made: MadeUpTarget): Results =>
      edited(
        (results) => {
          const large = structuredClone(results.cells).map((cell) => ({ ...cell, variant: "large" }));
          results.cells = [...results.cells, ...large];
        },
        madeUpResults([made], { scenarios: ["throughput"] }),
      );
    const { changes, differences } = compareResults(
      variants(websocket),
      variants({ ...websocket, ratePerSecond: 25_000 }),
      0.05,
    );
    assert.deepEqual(differences, []);
    const rates = changes.filter(({ metric }) => metric === "achievedRatePerSecond");
    assert.deepEqual(
      rates.map(({ variant, ratio }) => [variant, Number(ratio.value.toFixed(6))]),
      [
        [undefined, 0.5],
        ["large", 0.5],
      ],
    );
  });

  it("has a stable shape as JSON", () => {
    const comparison = compareResults(before, changed({ roundTripUs: 300 }), 0.05);
    const read = JSON.parse(JSON.stringify(comparison));
    assert.deepEqual(Object.keys(read), [
      "threshold",
      "differences",
      "remarks",
      "changes",
      "notCompared",
      "warnings",
      "predictionsCompared",
      "brokenPredictions",
      "turnedInvalid",
    ]);
    assert.deepEqual(Object.keys(read.changes[0]), [
      "target",
      "scenario",
      "metric",
      "before",
      "after",
      "ratio",
      "verdict",
      "smallestToldRatio",
      "regression",
    ]);
  });
});

const golden = `**wirebench:** 3 regressions beyond 5 %. Of 5 numbers compared: 3 worse, 0 better, 2 with no change beyond 1.17×.

**A and B are not comparable**, so a change may have nothing to do with the code:

- cores: 8 in A, 4 in B

| target    | scenario | number            |       A |       B |               B/A | verdict    |
| --------- | -------- | ----------------- | ------: | ------: | ----------------: | ---------- |
| websocket | echo     | from schedule p50 |  153 µs |  306 µs | 2.00× (1.72–2.33) | REGRESSION |
| websocket | echo     | from schedule p99 | 1.43 ms | 2.85 ms | 2.00× (1.72–2.32) | REGRESSION |
| websocket | echo     | connect p50       |  450 µs |  900 µs |             2.00× | REGRESSION |

<details>
<summary>2 numbers not known to have changed, and what else differs</summary>

| target    | scenario | number                    |       A |       B |                B/A | verdict                |
| --------- | -------- | ------------------------- | ------: | ------: | -----------------: | ---------------------- |
| websocket | echo     | server CPU per message    | 14.0 µs | 14.0 µs | 1.00× (0.860–1.16) | no change beyond 1.17× |
| websocket | echo     | wire bytes per round trip |   524 B |   524 B |              1.00× | no change              |

Also different:

- ws: 8.0.0 in A, 9.0.0 in B

</details>

<sub>B/A is the ratio with its 99 % interval; ≥ and ≤ mark bounds, where something else than the server was the limit of one of the two. Better or worse: the interval lies beyond 1.05×. No change: it lies within 1.25×.</sub>`;

describe("the views of a comparison", () => {
  const one = { scenarios: ["echo"] } as const;
  const a = madeUpResults([websocket], one);
  const b = edited(
    ({ environment }) => {
      environment.cores = 4;
      environment.components.ws = "9.0.0";
    },
    madeUpResults([{ ...websocket, roundTripUs: 300 }], one),
  );
  const comparison = compareResults(a, b, 0.05);

  it("show a pull request the verdict, what changed, and the rest folded", () => {
    assert.equal(renderComparisonMarkdown(comparison), golden);
  });

  it("warn in a terminal before the table, and end with the verdict", () => {
    const lines = renderComparisonText(comparison).split("\n");
    assert.match(lines[0]!, /^Warning: A and B are not comparable/);
    assert.equal(lines[1], "  cores: 8 in A, 4 in B");
    assert.match(lines[3]!, /^target +scenario +number +A +B +B\/A +verdict$/);
    assert.equal(
      lines.at(-1),
      "3 regressions beyond 5 %. Of 5 numbers compared: 3 worse, 0 better, 2 with no change beyond 1.17×.",
    );
  });

  it("say how much could have changed unseen where nothing is known to have changed", () => {
    assert.match(
      renderComparisonText(compareResults(a, a, 0.1)),
      /No regression found\. Of 5 numbers compared: 0 worse, 0 better, 5 with no change beyond 1\.17×\.$/,
    );
    const restless = madeUpResults([{ ...websocket, spread: 0.3 }], one);
    const text = renderComparisonText(compareResults(restless, restless, 0.1));
    assert.match(text, /scheduled|schedule p50 .* cannot tell: could not have seen less than [34]\.\d\d×$/m);
    assert.match(text, /Of 5 numbers compared: 0 worse, 0 better, 2 with no change, 3 cannot tell \(could not have/);
    assert.doesNotMatch(renderComparisonMarkdown(compareResults(a, a, 0.1)), /REGRESSION/);
  });

  it("print the warnings of either file, each kind once, and what the signs mean", () => {
    const busy = edited((results) => {
      for (const cell of results.cells as MeasuredCell[]) {
        for (const trial of cell.trials) for (const window of trial.windows) window.measures.cpuWaitShare = 0.9;
        const flag = { severity: "warning", cause: "machine", message: "it was short of air" } as const;
        cell.validity.flags.push({ ...flag, code: "airless" }, { ...flag, code: "cpu-contention" });
      }
    });
    const expected = [
      "B: in 30 of 30 windows a busy process was kept from its core for more than 20 % of the time, so other load on the machine affected the numbers",
      "B: tcp, echo (and 5 other cells): it was short of air",
    ];
    const { warnings } = compareResults(before, busy, 0.05);
    assert.deepEqual(
      warnings.filter((warning) => warning.startsWith("B: ") && !warning.includes("limit")).slice(0, 2),
      expected,
    );
    const text = renderComparisonText(compareResults(before, busy, 0.05));
    for (const warning of expected) assert.ok(text.includes(warning));
    assert.match(text, /^A: .*load generator|A: tcp, throughput/m);
    assert.match(text, /≥ and ≤: a bound/);
    const markdown = renderComparisonMarkdown(compareResults(before, busy, 0.05));
    assert.ok(markdown.includes("it was short of air") && markdown.includes("≥ and ≤ mark bounds"));
  });

  it("warn where the reference of both changed itself", () => {
    const slower = madeUpResults([{ ...tcp, roundTripUs: 300 }, websocket]);
    const [warning] = compareResults(before, slower, 0.05).warnings;
    assert.match(warning!, /^the reference of both, tcp, changed itself \(from schedule p50 3\.00×, .*the machine/);
    assert.doesNotMatch(compareResults(before, before, 0.05).warnings.join(), /changed itself/);
  });

  it("do not take silence for a pass", () => {
    const invalid = madeUpResults([{ ...websocket, verdict: { echo: "invalid" } }], one);
    assert.match(renderComparisonText(compareResults(invalid, invalid, 0.05)), /Nothing could be compared\.$/);
  });

  it("escape what a user named", () => {
    const nasty = madeUpResults([{ ...websocket, target: "websocket=ws://h/a|b", protocol: "websocket" }], one);
    assert.ok(renderComparisonMarkdown(compareResults(nasty, nasty, 0.05)).includes("websocket=ws://h/a\\|b"));
  });
});
