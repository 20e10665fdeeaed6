import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decideClaims } from "../results/claims/claims.ts";
import type { Cell, Results } from "../results/contract/results.ts";
import { renderReport, renderSummary } from "./report.ts";
import { madeUpResults } from "./testing.ts";
import {
  clusterResultsOf,
  type MadeUpVariant,
  madeUpClusterResults,
  madeUpMissing,
  madeUpVariant,
  madeUpVariants,
} from "./view/testing.ts";

const reportOf = async (results: Results): Promise<string> => (await renderReport(results)).get("report.md")!;

const lineOf = (text: string, start: string): string => text.split("\n").find((line) => line.startsWith(start)) ?? "";

const sectionOf = (text: string, title: string): string => text.split(`${title}\n`)[1]?.split(/\n#+ /)[0] ?? "";

const variantOf = (scenario: string, variant: string): MadeUpVariant =>
  madeUpVariants.find((made) => made.scenario === scenario && made.variant === variant)!;

describe("the report of the cluster experiments", () => {
  it("has every section, and refers to every chart it comes with", async () => {
    const files = await renderReport(madeUpClusterResults());
    const report = files.get("report.md")!;
    const titles = [...report.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    assert.deepEqual(titles, [
      "State: does anybody remember the user?",
      "Broadcast: who hears a message?",
      "Failure: what is lost, who is told, how long does it take?",
      "Scaling: what does another node bring?",
      "What the columns mean",
      "Claims: what is taught, and what was seen",
      "Brokers: what they promise",
      "Validity",
      "What was run",
      "Method and limits",
    ]);
    const shown = [...report.matchAll(/!\[.*\]\(([\w.-]+)\)/g)].map(([, file]) => file!);
    assert.deepEqual(shown.sort(), [...files.keys()].filter((name) => name !== "report.md").sort());
    assert.ok(shown.length >= 4);
  });

  it("gives the same bytes for the same results", async () => {
    const once = await renderReport(madeUpClusterResults());
    assert.ok(once.size > 4);
    for (const [name, content] of await renderReport(madeUpClusterResults())) {
      assert.ok(content === once.get(name), name);
    }
  });

  it("says how many predictions held and tells the two classic problems in measured numbers", async () => {
    const report = await reportOf(madeUpClusterResults());
    assert.match(
      report,
      /^# wirebench: cluster with no broker, Memory, Redis, NATS, Kafka, JetStream and Redis Streams$/m,
    );
    assert.match(
      report,
      /^5 experiments, 18 of 20 cells measured, 3 trials; 16 of 18 predictions held, 2 did not hold\.$/m,
    );
    assert.match(
      lineOf(report, "**Policy**"),
      /leastconn\+cookie brings 100 % back to their state, round-robin 35\.0 % \(1\/3\)/,
    );
    assert.match(lineOf(report, "**Broker**"), /needed: 33\.3 % of a broadcast arrives without, 100 % with any\./);
    assert.match(lineOf(report, "**Claims**"), /^\*\*Claims\*\*: .*bus-local-only/);
  });

  it("names each prediction that did not hold, with expected and measured", async () => {
    const report = await reportOf(madeUpClusterResults());
    assert.equal(
      lineOf(report, "- The broker is killed and comes back: silent"),
      "- The broker is killed and comes back: silent losses: NATS 30 (24–36); expected 0. Cause: the system under test.",
    );
    const part = sectionOf(report, "### The broker is killed and comes back");
    assert.match(
      part,
      /Expected: silent losses 0, since a publisher is told .* Measured: .*30 \(24–36\), \*\*did not hold\*\* \(NATS\)/,
    );
  });

  it("sets experiments out by question, set-up, tables by topic and lesson", async () => {
    const part = sectionOf(await reportOf(madeUpClusterResults()), "### The broker is killed and comes back");
    assert.match(part, /^What is lost while the broker is away/m);
    assert.match(part, /^\*\*Set-up\*\*: policy .*; outage 2 s; cells differ in broker\.$/m);
    assert.match(part, /\| NATS +\| 60\.5 .* \| 5,900 \(4,720–7,080\) \|/);
    assert.match(part, /^Only NATS: .*silent losses 30 \(24–36\)/m);
    assert.match(part, /^2 of 3 predictions held, 1 did not hold:$/m);
    assert.match(part, /\*\*Kafka\*\*: not run: Kafka was not found: .*apt-get install openjdk-17-jre-headless maven/);
    assert.match(part, /\*\*Redis Streams\*\*: failed: the users' process exited/);
    assert.match(part, /\*\*Take away\.\*\* What keeps no messages/);
  });

  it("says that a predicted zero is one", async () => {
    const results = clusterResultsOf([madeUpVariant(variantOf("broker-kill", "jetstream"))]);
    assert.match(await reportOf(results), /^Measured: delivered 100 %; .*0 silent losses\.$/m);
  });

  it("says of every claim what it is worth, with the numbers", async () => {
    const part = sectionOf(await reportOf(madeUpClusterResults()), "## Claims: what is taught, and what was seen");
    assert.match(
      part,
      /^- \*\*bus-local-only\*\* A WebSocket server .* \*\*Holds\*\*\. Seen: delivered across nodes: .* 0 %/m,
    );
    assert.doesNotMatch(part, /Not measured/);
  });

  it("says of a claim that was asked for what to run where nothing decides it", async () => {
    const results = madeUpClusterResults();
    const report = await reportOf({ ...results, claims: decideClaims(results, ["lb-state"]) });
    assert.match(report, /^- \*\*lb-state\*\* .* Not measured, since no cell .*: `wirebench claims lb-state`/m);
  });

  it("sets brokers that protect alike side by side", async () => {
    const part = sectionOf(await reportOf(madeUpClusterResults()), "## Brokers: what they promise");
    assert.match(part, /\| JetStream +\| a kill of its process +\| every 2 minutes +\| 1 of 1 +\|/);
    const rows = [...part.matchAll(/^\| (.+?) +\| (nothing|a kill of its process) +\|/gm)].map(
      ([, , survived]) => survived,
    );
    assert.deepEqual(rows, [...rows].sort().reverse(), "those that protect alike stand together");
  });

  it("shows the scaling law with its uncertainty, and why there is none", async () => {
    const results = madeUpClusterResults();
    const report = await reportOf(results);
    assert.match(
      report,
      /\| Redis +\| 40,000\/s \(38,300–41,700\) \| 15\.0 % \(.*\) \| 3\.00 % \(.*\) \| 5\.3 nodes \|/,
    );
    assert.match(report, /\| Redis +\| 40,000\/s .*\| ≥ 8\d,\d+\/s \(.*\| /, "what was a bound is one in the table");
    const few = await reportOf(clusterResultsOf([madeUpVariant(variantOf("scaling", "redis, 1"))]));
    assert.match(few, /^No law for Redis: 3 points are too few/m);
  });

  it("has no empty table cells, no leaked values and no bare zero for a delay", async () => {
    const report = await reportOf(madeUpClusterResults());
    assert.doesNotMatch(report, /\| +\|/);
    assert.doesNotMatch(report, /undefined|NaN|Infinity|\[object|null/);
    assert.doesNotMatch(report, /(?<![\d.,])0(\.0+)? (ns|µs|ms|s)\b/);
  });
});

describe("a report of cells that tell little", () => {
  it("does not print the numbers of an invalid cell, nor count its predictions", async () => {
    const flags = [
      { code: "users-late", severity: "fatal", cause: "wirebench", message: "the users stood | still" },
    ] as const;
    const invalid = madeUpVariant({ ...variantOf("broadcast", "redis"), verdict: "invalid", flags: [...flags] });
    const report = await reportOf(clusterResultsOf([invalid, madeUpVariant(variantOf("broadcast", "nats"))]));
    assert.match(report, /1 of 2 predictions held, 1 could not be measured/);
    assert.match(report, /\| Redis +\| +invalid¹ \|/);
    assert.match(report, /¹ invalid: the users stood \\\| still/);
    assert.match(report, /fatal users-late: the users stood \\\| still/);
    assert.doesNotMatch(report, /900 µs/);
  });

  it("marks bounds of a cell whose users were the limit", async () => {
    const report = await reportOf(madeUpClusterResults());
    assert.match(report, /≥ 88,400\/s \(82,000–95,200\)¹/);
    assert.match(report, /warning users-saturated: the users' process was full/);
  });

  it("says at the top that a run was interrupted", async () => {
    const report = await reportOf({ ...madeUpClusterResults(), interrupted: true });
    assert.match(report.split("\n").slice(0, 4).join("\n"), /^> Interrupted: /m);
  });

  it("is written even of no cells at all", async () => {
    const files = await renderReport(clusterResultsOf([]));
    assert.deepEqual([...files.keys()], ["report.md"]);
    assert.match(files.get("report.md")!, /^# wirebench: nothing measured/);
    assert.match(files.get("report.md")!, /^> Nothing was run/m);
  });

  it("is written of nothing but cells that did not run", async () => {
    const missing: Cell[] = [
      madeUpMissing("broadcast", "redis", "not-run", "apt-get install redis-server"),
      madeUpMissing("broadcast", "nats", "failed", "it broke"),
    ];
    const files = await renderReport(clusterResultsOf(missing));
    assert.deepEqual([...files.keys()], ["report.md"]);
    assert.match(files.get("report.md")!, /^> Nothing was measured\.$/m);
    assert.match(files.get("report.md")!, /\*\*Redis\*\*: not run: apt-get install redis-server/);
  });

  it("calls no share at least what it may also exceed, and none at most what it may also fall short of", async () => {
    const expecting = async (low: number | undefined, high: number | undefined): Promise<string> => {
      const expected = ["deliveredFraction", low, high, "chosen"] as const;
      const report = await reportOf(
        clusterResultsOf([madeUpVariant({ ...variantOf("broadcast", "redis"), expected })]),
      );
      const [, failed, held] = /Expected: delivered (.*?), since|\(delivered (.*?)\): /.exec(report)!;
      return failed ?? held!;
    };
    assert.equal(await expecting(0.25, 1), "25.0–100 %");
    assert.equal(await expecting(0, 0.5), "0–50.0 %");
    assert.equal(await expecting(0.25, undefined), "at least 25.0 %");
    assert.equal(await expecting(undefined, 1), "at most 100 %");
    assert.equal(await expecting(0.5, 0.5), "50.0 %");
  });
});

describe("variants of several targets", () => {
  it("are told apart by the target where they are called alike", async () => {
    const cells = ["tcp", "websocket"].flatMap((target) =>
      ["256 B", "4 KiB"].map(
        (variant): Cell => ({ ...madeUpVariant(variantOf("broadcast", "redis")), target, variant }),
      ),
    );
    const results = clusterResultsOf(cells);
    const report = await reportOf({
      ...results,
      targets: [{ ...results.targets[0]!, label: "tcp", title: "TCP" }, ...results.targets],
    });
    assert.match(report, /^Alike in TCP, 256 B, TCP, 4 KiB, WebSocket, 256 B and WebSocket, 4 KiB: /m);
  });
});

describe("a cluster and a comparison in one results.json", () => {
  it("stand in one report and one summary", async () => {
    const [compared, clustered] = [madeUpResults(), madeUpClusterResults()];
    const both: Results = {
      ...compared,
      experiments: [...compared.experiments, ...clustered.experiments],
      targets: [...compared.targets, ...clustered.targets.map((target) => ({ ...target, label: "cluster" }))],
      brokers: clustered.brokers,
      cells: [...compared.cells, ...clustered.cells.map((cell) => ({ ...cell, target: "cluster" }))],
    };
    const report = await reportOf(both);
    assert.match(report, /^# wirebench: TCP, WebSocket, .* and XMPP; cluster with no broker, Memory, Redis/);
    assert.match(report, /^6 targets, 8 experiments, /m);
    for (const line of ["- p50: ", "**Policy**", "## All numbers at a glance", "## Claims"]) {
      assert.notEqual(lineOf(report, line), "", line);
    }
    const summary = renderSummary(both);
    assert.match(summary, /^target +p50/m);
    assert.match(summary, /^Failed +Coming back to the state/m);
    assert.match(summary, /^Policy +leastconn/m);
  });
});

describe("an experiment that reports know nothing of", () => {
  const experiment = {
    name: "warm-up curve",
    group: "compilation",
    title: "How long until the code is hot?",
    question: "When does the delay stop falling?",
  };
  const curve = (variant: string, lastUs: number): MadeUpVariant => ({
    scenario: experiment.name,
    variant,
    parameters: {},
    measures: { roundTripP50Us: lastUs, lostMessages: 0 },
    series: [
      { name: "delayUs", title: "Delay by age", x: "timeMs", xs: [100, 200, 300], values: [900, 400, lastUs] },
      { name: "heapBytes", title: "Heap", x: "connections", xs: [1, 10], values: [5e6, 6e6] },
    ],
  });

  it("is reported with its group, question, set-up, numbers, and a line figure of each of its series", async () => {
    const cells = [curve("cold", 200), curve("hot", 150)].map(madeUpVariant);
    const files = await renderReport(clusterResultsOf(cells, [experiment]));
    const report = files.get("report.md")!;
    assert.match(report, /^## Compilation$/m);
    const part = sectionOf(report, "### How long until the code is hot?");
    assert.match(part, /^When does the delay stop falling\?/m);
    assert.match(report, /\| Usual set-up +\| target WebSocket; nodes 3; .*load open loop, 50\.0\/s/);
    assert.match(part, /\| Variant \| Round trip p50 \|\n.*\n\| cold +\| +200 µs \|/);
    assert.match(part, /!\[Delay by age over time; at the end: cold 200 and hot 150\.\]/);
    assert.deepEqual(
      [...files.keys()],
      ["report.md", "warm-up-curve-series-delayus.svg", "warm-up-curve-series-heapbytes.svg"],
    );
    assert.match(files.get("warm-up-curve-series-heapbytes.svg")!, />connections</);
  });

  it("is counted in a terminal", () => {
    const text = renderSummary(clusterResultsOf([madeUpVariant(curve("cold", 200))], [experiment]));
    assert.match(text, /^Run +1 experiment, 3 trials\.$/m);
  });
});

describe("a hostile results.json", () => {
  const nasty = "a|b`c`<i>*[x](y)\n# d\n\n- e";

  it("cannot break out of its place", async () => {
    const results = structuredClone(madeUpClusterResults());
    for (const cell of results.cells) {
      cell.variant = nasty;
      cell.parameters.policy = nasty;
      cell.parameters.settings = { [nasty]: nasty, constructor: true, backoff: nasty };
      if (cell.state !== "measured") {
        cell.reason = nasty;
        continue;
      }
      cell.validity.flags.push({ code: nasty, severity: "warning", cause: "target", message: nasty });
      cell.summary[nasty] = { value: 1, low: 0, high: 2 };
      for (const prediction of cell.predictions) {
        Object.assign(prediction, { formula: nasty, statement: nasty, claim: nasty });
      }
      for (const { events, series } of cell.trials) {
        for (const event of events) Object.assign(event, { subject: nasty, what: nasty });
        for (const shown of series) Object.assign(shown, { name: nasty, title: nasty });
      }
    }
    for (const info of results.experiments)
      Object.assign(info, { title: nasty, question: nasty, lesson: nasty, group: nasty });
    for (const target of results.targets) target.title = nasty;
    for (const broker of results.brokers!) Object.assign(broker, { title: nasty, outage: nasty });
    results.environment.components[nasty] = nasty;
    results.preset = nasty;
    results.command = "echo ```\n# d";
    const files = await renderReport(results);
    const report = files.get("report.md")!;
    assert.doesNotMatch(report, /(?<!\\)<i>/);
    assert.doesNotMatch(report, /a\|b/);
    assert.doesNotMatch(report, /^(# d|- e)/m);
    assert.doesNotMatch(report, /(?<!\\)\[x\]\(y\)/);
    for (const [name, content] of files) {
      assert.match(name, /^(report\.md|[a-z0-9-]+\.svg)$/);
      if (name.endsWith(".svg")) assert.doesNotMatch(content, /<i>/);
    }
  });

  it("cannot make two figures share a file or leave the folder", async () => {
    const cells = ["../../x", "..//..//x", "X"].map((variant) =>
      madeUpVariant({ ...variantOf("broker-kill", "nats"), variant }),
    );
    const names = [...(await renderReport(clusterResultsOf(cells))).keys()].filter((name) => name.includes("sequence"));
    assert.deepEqual(names, [
      "broker-kill-sequence-x.svg",
      "broker-kill-sequence-x-2.svg",
      "broker-kill-sequence-x-3.svg",
    ]);
  });
});
