/** The committed samples and the README's table are what real runs gave and this version renders. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { type Results, resultsSchema } from "../results/contract/results.ts";
import { flowsOf } from "../results/recording/flows.ts";
import { renderReport, renderSummary } from "./report.ts";

const read = (folder: string, name: string): string =>
  readFileSync(new URL(`${folder}/${name}`, import.meta.url), "utf8");
const resultsIn = (folder: string): Results => resultsSchema.parse(JSON.parse(read(folder, "results.json")));
const results = resultsIn("sample");

for (const folder of ["sample", "sample-cluster"]) {
  test(`${folder} renders again byte for byte`, async () => {
    const files = await renderReport(resultsIn(folder));
    assert.deepEqual(readdirSync(new URL(folder, import.meta.url)).sort(), ["results.json", ...files.keys()].sort());
    for (const [name, content] of files) assert.equal(read(folder, name), content, name);
  });
}

test("the sample of a cluster has every experiment measured, as it was predicted", () => {
  const { cells } = resultsIn("sample-cluster");
  assert.ok(new Set(cells.map(({ scenario }) => scenario)).size >= 15);
  for (const cell of cells) {
    assert.equal(cell.state, "measured");
    if (cell.state !== "measured") continue;
    assert.deepEqual(
      cell.predictions.filter(({ verdict }) => verdict !== "held"),
      [],
    );
  }
});

test("the sample has every experiment measured on every target, with nothing lost", () => {
  assert.ok(results.cells.length >= 18);
  for (const cell of results.cells) {
    assert.equal(cell.state, "measured");
    if (cell.state !== "measured") continue;
    assert.notEqual(cell.validity.verdict, "invalid");
    for (const trial of cell.trials) {
      for (const flow of trial.windows.flatMap(flowsOf)) {
        assert.equal(flow.ledger.receivedMessages, flow.ledger.sentMessages);
      }
    }
  }
});

test("the README shows the first screens of the samples", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  for (const folder of ["sample", "sample-cluster"]) {
    assert.ok(
      readme.includes(`\`\`\`text\n${renderSummary(resultsIn(folder))}\n\`\`\``),
      "run: node reports/write-sample-summary.ts",
    );
  }
});
