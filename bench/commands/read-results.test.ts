import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { renderReport, renderSummary } from "../../reports/report.ts";
import { madeUpClusterResults } from "../../reports/view/testing.ts";
import { decideClaims } from "../../results/claims/claims.ts";
import { RunningCli, temporaryFolder } from "../running-cli.ts";

const results = madeUpClusterResults();

async function ends(args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const cli = new RunningCli(args);
  const code = await cli.exitCode();
  return { code, stdout: cli.stdout, stderr: cli.stderr };
}

test("report renders the results of the cluster experiments", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "results.json");
  writeFileSync(path, JSON.stringify(results));
  const { code, stdout, stderr } = await ends(["report", path, "--trace", join(folder.path, "trace.hlog")]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(stdout, `${renderSummary(results)}\nReport: ${folder.path}/report.md\n`);
  for (const [name, content] of await renderReport(results)) {
    assert.equal(readFileSync(join(folder.path, name), "utf8"), content, name);
  }
  assert.match(readFileSync(join(folder.path, "trace.hlog"), "utf8"), /^#\[wirebench 1\.2\.3: wirebench cluster/);
});

test("report shows who asked for claims these, on the screen and open on top of the report", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "results.json");
  const claimsAsked = ["lb-state"];
  writeFileSync(path, JSON.stringify({ ...results, claimsAsked, claims: decideClaims(results, claimsAsked) }));
  const { code, stdout, stderr } = await ends(["report", path]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^lb-state: .*\n(?:.*\n)* {2}verdict +\S/);
  const report = readFileSync(join(folder.path, "report.md"), "utf8");
  assert.match(report, /^# wirebench: lb-state\n/);
  assert.match(report, /\n## Claims: .*\n\n\*\*Horizontal scaling\*\*\n/);
});

test("compare takes the results of the cluster experiments, and names what it cannot compare", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "results.json");
  writeFileSync(path, JSON.stringify(results));
  const { code, stdout } = await ends(["compare", path, path]);
  assert.equal(code, 0);
  assert.match(stdout, /websocket, broker-kill, kafka: not-run in A: Kafka was not found/);
  assert.match(
    stdout,
    /^No regression found\. Of 27 numbers compared: 0 worse, 0 better, 26 with no change beyond 1\.12×, 1 cannot tell/m,
  );
});

test("compare calls it a regression when a prediction that held no longer does", async () => {
  using folder = temporaryFolder();
  const [a, b] = ["a.json", "b.json"].map((name) => join(folder.path, name)) as [string, string];
  let broken = 0;
  const cells = results.cells.map((cell) => {
    if (cell.state !== "measured" || broken > 0) return cell;
    const predictions = cell.predictions.map((prediction) =>
      prediction.verdict === "held" && broken++ === 0
        ? { ...prediction, verdict: "failed" as const, measured: -1 }
        : prediction,
    );
    return { ...cell, predictions };
  });
  writeFileSync(a, JSON.stringify(results));
  writeFileSync(b, JSON.stringify({ ...results, cells }));
  const { code, stdout } = await ends(["compare", a, b]);
  assert.equal(code, 5);
  assert.match(stdout, /^Predictions that held in A and failed in B:\n {2}.* in A, .* in B, expected /m);
  assert.match(stdout, /^1 prediction no longer held\. /m);
  assert.equal((await ends(["compare", b, a])).code, 0);
});

test("report names what is wrong with the results of the cluster experiments", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "results.json");
  writeFileSync(path, JSON.stringify({ ...results, brokers: "many" }));
  const { code, stderr } = await ends(["report", path]);
  assert.equal(code, 2);
  assert.match(stderr, /not a results file: .*\n.*brokers/s);
});

test("report says of a file of an older version who can render it", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "results.json");
  writeFileSync(path, JSON.stringify({ schemaVersion: 1, tool: { name: "wirebench", version: "0.1.0" } }));
  const { code, stderr } = await ends(["report", path]);
  assert.equal(code, 2);
  assert.match(stderr, /has schemaVersion 1, .*: it reads 2\n {2}render it with wirebench 0\.1\.0, or measure again/);
});

test("report refuses a metric that this version does not have", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "results.json");
  const cells = results.cells.map((cell) =>
    cell.state === "measured"
      ? { ...cell, summary: { ...cell.summary, happiness: { value: 1, low: 1, high: 1 } } }
      : cell,
  );
  writeFileSync(path, JSON.stringify({ ...results, cells }));
  const { code, stderr } = await ends(["report", path]);
  assert.deepEqual([code, /no metric called "happiness"/.test(stderr)], [2, true]);
});
