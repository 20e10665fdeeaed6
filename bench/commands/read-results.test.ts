import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { renderClusterReport, renderClusterSummary } from "../../reports/cluster/report.ts";
import { madeUpClusterResults } from "../../reports/cluster/testing.ts";
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
  assert.equal(stdout, `${renderClusterSummary(results)}\nReport: ${folder.path}/report.md\n`);
  for (const [name, content] of await renderClusterReport(results)) {
    assert.equal(readFileSync(join(folder.path, name), "utf8"), content, name);
  }
  assert.match(readFileSync(join(folder.path, "trace.hlog"), "utf8"), /^#\[wirebench 1\.2\.3: wirebench cluster/);
});

test("compare refuses the results of the cluster experiments and says what to do with them", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "results.json");
  writeFileSync(path, JSON.stringify(results));
  const { code, stdout, stderr } = await ends(["compare", path, path]);
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(
    stderr,
    /holds results of wirebench cluster, which cannot be compared: expected results of wirebench run/,
  );
  assert.match(stderr, /wirebench report .*results\.json renders them/);
});

test("report names what is wrong with the results of the cluster experiments", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "results.json");
  writeFileSync(path, JSON.stringify({ ...results, brokers: "many" }));
  const { code, stderr } = await ends(["report", path]);
  assert.equal(code, 2);
  assert.match(stderr, /not a results file: .*\n.*brokers/s);
});
