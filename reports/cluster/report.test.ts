import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ClusterCell, ClusterResults } from "../../results/contract/cluster-results.ts";
import { renderClusterReport } from "./report.ts";
import {
  clusterResultsOf,
  type MadeUpArm,
  madeUpArms,
  madeUpCell,
  madeUpClusterResults,
  madeUpMissing,
} from "./testing.ts";

const reportOf = async (results: ClusterResults): Promise<string> =>
  (await renderClusterReport(results)).get("report.md")!;

const lineOf = (text: string, start: string): string => text.split("\n").find((line) => line.startsWith(start)) ?? "";

const sectionOf = (text: string, title: string): string => text.split(`${title}\n`)[1]?.split(/\n#+ /)[0] ?? "";

const armOf = (scenario: string, arm: string): MadeUpArm =>
  madeUpArms.find((made) => made.scenario === scenario && made.parameters.arm === arm)!;

describe("the report of the cluster experiments", () => {
  it("has every section, and refers to every chart it comes with", async () => {
    const files = await renderClusterReport(madeUpClusterResults());
    const report = files.get("report.md")!;
    const titles = [...report.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    assert.deepEqual(titles, [
      "What was run",
      "Expected and measured",
      "State: does anybody remember the user?",
      "Broadcast: who hears a message?",
      "Failure: what is lost, who is told, how long does it take?",
      "Scaling: what does another node bring?",
      "Brokers: promised and measured",
      "Validity",
      "Method and limits",
    ]);
    const shown = [...report.matchAll(/!\[.*\]\(([\w.-]+)\)/g)].map(([, file]) => file!);
    assert.deepEqual(shown.sort(), [...files.keys()].filter((name) => name !== "report.md").sort());
    assert.ok(shown.length >= 10);
  });

  it("gives the same bytes for the same results", async () => {
    const once = await renderClusterReport(madeUpClusterResults());
    assert.ok(once.size > 10);
    for (const [name, content] of await renderClusterReport(madeUpClusterResults())) {
      assert.ok(content === once.get(name), name);
    }
  });

  it("says how many predictions held and tells the two classic problems in measured numbers", async () => {
    const report = await reportOf(madeUpClusterResults());
    assert.match(report, /^# wirebench cluster: no broker, Memory, Redis, NATS, Kafka, JetStream and Redis Streams$/m);
    assert.match(report, /18 of 20 arms measured with up to 3 trials each, 1 failed and 1 not run/);
    assert.match(report, /\*\*16 of 18 predictions held, 2 did not hold\.\*\*/);
    assert.equal(
      lineOf(report, "- **State"),
      "- **State lives on one node.** With 3 nodes behind round-robin it was found for 35.0 % (31.5–38.5) of the users who came back; with a cookie that names the node for 100 %.",
    );
    assert.equal(
      lineOf(report, "- **A node knows"),
      "- **A node knows only its own users.** With 3 nodes and no broker 33.3 % of the deliveries owed arrived; with a broker between the nodes: Memory 100 %, Redis 100 %, NATS 100 % and Kafka 100 %.",
    );
    assert.match(
      lineOf(report, "- **The broker is killed"),
      /: NATS: 30 \(24–36\) silent; Redis: 6,000 declared; NATS: 5,900 \(4,720–7,080\) declared; nothing in 1 other arm\.$/,
    );
  });

  it("names each prediction that did not hold, with expected and measured", async () => {
    const report = await reportOf(madeUpClusterResults());
    assert.equal(
      lineOf(report, "- **The broker is killed and comes back, NATS**"),
      "- **The broker is killed and comes back, NATS**: expected silent losses 0 (a publisher is told when the broker is away), measured 30 (24–36).",
    );
    const table = sectionOf(report, "## Expected and measured");
    assert.match(
      table,
      /The broker is killed and comes back +\| .* \| 3 of 5¹ \| \d+ of \d+ predictions held, \*\*\d+ did not hold\*\*/,
    );
    assert.match(table, /Kafka not run: Kafka was not found/);
    const part = sectionOf(report, "### The broker is killed and comes back");
    assert.match(
      part,
      /Expected: silent losses 0, since a publisher is told .* Measured: .*30 \(24–36\), \*\*did not hold\*\* \(NATS\)/,
    );
  });

  it("sets experiments out by question, set-up, tables by topic and lesson", async () => {
    const part = sectionOf(await reportOf(madeUpClusterResults()), "### The broker is killed and comes back");
    assert.match(part, /\*\*Question\.\*\* What is lost while the broker is away/);
    assert.match(part, /\*\*The same in every arm\.\*\* protocol: websocket; nodes: 3; users: 60;/);
    assert.match(part, /\*\*What went wrong, and who was told\?\*\*/);
    assert.match(part, /\| NATS +\| 5,930 .* \| +30 \(24–36\) \| 5,900 \(4,720–7,080\) \|/);
    assert.match(part, /0 in every arm: duplicated deliveries\./);
    assert.match(part, /\*\*Kafka\*\*: not run: Kafka was not found: .*apt-get install openjdk-17-jre-headless maven/);
    assert.match(part, /\*\*Redis Streams\*\*: failed: the users' process exited/);
    assert.match(part, /\*\*Take away\.\*\* What keeps no messages/);
  });

  it("keeps a predicted zero as a column", async () => {
    const results = clusterResultsOf([madeUpCell(armOf("broker-kill", "jetstream"))]);
    assert.match(await reportOf(results), /\| JetStream +\| +0 \|/);
  });

  it("sets what brokers promise beside what was measured", async () => {
    const part = sectionOf(await reportOf(madeUpClusterResults()), "## Brokers: promised and measured");
    assert.match(part, /\| JetStream +\| at least once +\| yes +\|/);
    assert.match(part, /\| no broker +\| 33\.3 %, lost 10,000 silent +\| – +\|/);
    assert.match(part, /\| Redis +\| 100 % +\| 60\.0 %, lost 6,000 declared +\|/);
    assert.match(part, /\| Kafka +\| 100 % +\| not run +\|/);
  });

  it("shows the scaling law with its uncertainty, and why there is none", async () => {
    const results = madeUpClusterResults();
    const report = await reportOf(results);
    assert.match(
      report,
      /\| Redis +\| 40,000\/s \(38,600–41,500\) \| 15\.0 % \(.*\) \| 3\.00 % \(.*\) \| 5\.3 nodes \|/,
    );
    assert.match(
      report,
      /With redis, 4 the process that is the users was the limit: those throughputs are lower bounds/,
    );
    const few = { ...results, scaling: [{ broker: "nats", points: [], reason: "2 points | are too few" }] } as const;
    const without = await reportOf(structuredClone(few) as unknown as ClusterResults);
    assert.match(without, /\| NATS +\| +–¹ \|/);
    assert.match(without, /¹ 2 points \\\| are too few/);
  });

  it("has no empty table cells, no leaked values and no bare zero for a delay", async () => {
    const report = await reportOf(madeUpClusterResults());
    assert.doesNotMatch(report, /\| +\|/);
    assert.doesNotMatch(report, /undefined|NaN|Infinity|\[object|null/);
    assert.doesNotMatch(report, /(?<![\d.,])0(\.0+)? (ns|µs|ms|s)\b/);
  });
});

describe("a report of arms that tell little", () => {
  it("does not print the numbers of an invalid arm, nor count its predictions", async () => {
    const flags = [{ code: "users-late", severity: "fatal", message: "the users stood | still" }] as const;
    const invalid = madeUpCell({ ...armOf("fan-out", "redis"), verdict: "invalid", flags: [...flags] });
    const report = await reportOf(clusterResultsOf([invalid, madeUpCell(armOf("fan-out", "nats"))]));
    assert.match(report, /1 of 2 predictions held, 1 could not be measured/);
    assert.match(report, /\| Redis +\| +invalid¹ \|/);
    assert.match(report, /¹ invalid: the users stood \\\| still/);
    assert.match(report, /fatal users-late: the users stood \\\| still/);
    assert.doesNotMatch(report, /900 µs/);
  });

  it("marks bounds of an arm whose users were the limit", async () => {
    const report = await reportOf(madeUpClusterResults());
    assert.match(report, /≥ 88,400\/s \(85,700–91,000\)¹/);
    assert.match(report, /warning generator-saturated: the users' process was full/);
  });

  it("says at the top that a run was interrupted", async () => {
    const report = await reportOf({ ...madeUpClusterResults(), interrupted: true });
    assert.match(report.split("\n").slice(0, 4).join("\n"), /Interrupted run/);
  });

  it("is written even of no arms at all", async () => {
    const files = await renderClusterReport(clusterResultsOf([]));
    assert.deepEqual([...files.keys()], ["report.md"]);
    assert.match(files.get("report.md")!, /^# wirebench cluster: nothing measured/);
    assert.match(files.get("report.md")!, /No arm was run/);
  });

  it("is written of nothing but arms that did not run", async () => {
    const missing: ClusterCell[] = [
      madeUpMissing("fan-out", { arm: "redis", broker: "redis" }, "not-run", "apt-get install redis-server"),
      madeUpMissing("fan-out", { arm: "nats", broker: "nats" }, "failed", "it broke"),
    ];
    const files = await renderClusterReport(clusterResultsOf(missing));
    assert.deepEqual([...files.keys()], ["report.md"]);
    assert.match(files.get("report.md")!, /no prediction was put to the test/);
    assert.match(files.get("report.md")!, /\*\*Redis\*\*: not run: apt-get install redis-server/);
  });

  it("shows cells whose experiment is not described, and metrics of another version", async () => {
    const cell = madeUpCell({ scenario: "unheard-of", parameters: { arm: "a" }, measures: { oddDelayP50Us: 1234 } });
    const report = await reportOf(clusterResultsOf([cell]));
    assert.match(report, /^## Other experiments$/m);
    assert.match(report, /\| a +\| +1\.23 ms \|/);
  });
});

describe("a hostile results.json", () => {
  const nasty = "a|b`c`<i>*[x](y)\n# d\n\n- e";

  it("cannot break out of its place", async () => {
    const results = structuredClone(madeUpClusterResults());
    for (const cell of results.cells) {
      cell.parameters.arm = nasty;
      cell.parameters.backoff = nasty;
      cell.parameters.settings = { [nasty]: nasty, constructor: true };
      if (cell.state !== "measured") {
        cell.reason = nasty;
        continue;
      }
      cell.validity.flags.push({ code: nasty, severity: "warning", message: nasty });
      cell.summary[nasty] = { value: 1, low: 0, high: 2 };
      for (const prediction of cell.predictions) {
        Object.assign(prediction, { formula: nasty, statement: nasty, claim: nasty, metric: "constructor" });
      }
      for (const { events, series } of cell.trials) {
        for (const event of events) Object.assign(event, { subject: nasty, what: nasty });
        for (const shown of series) shown.title = nasty;
      }
    }
    for (const info of results.experiments) Object.assign(info, { title: nasty, question: nasty, lesson: nasty });
    for (const broker of results.brokers) Object.assign(broker, { title: nasty, outage: nasty });
    for (const fit of results.scaling) fit.reason = nasty;
    results.environment.components[nasty] = nasty;
    results.preset = nasty;
    results.command = "echo ```\n# d";
    const files = await renderClusterReport(results);
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
    const arm = armOf("broker-kill", "nats");
    const cells = ["../../x", "..//..//x", "X"].map((name) =>
      madeUpCell({ ...arm, parameters: { ...arm.parameters, arm: name } }),
    );
    const names = [...(await renderClusterReport(clusterResultsOf(cells))).keys()].filter((name) =>
      name.includes("sequence"),
    );
    assert.deepEqual(names, [
      "broker-kill-sequence-x.svg",
      "broker-kill-sequence-x-2.svg",
      "broker-kill-sequence-x-3.svg",
    ]);
  });
});
