/** The committed sample and the README's table are what a real run gave and this version renders. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { resultsSchema } from "../results/contract/results.ts";
import { flowsOf } from "../results/recording/flows.ts";
import { renderReport, renderSummary } from "./report.ts";

const sample = (name: string): string => readFileSync(new URL(`sample/${name}`, import.meta.url), "utf8");
const results = resultsSchema.parse(JSON.parse(sample("results.json")));

test("the sample renders again byte for byte", async () => {
  const files = await renderReport(results);
  assert.deepEqual(readdirSync(new URL("sample", import.meta.url)).sort(), ["results.json", ...files.keys()].sort());
  for (const [name, content] of files) assert.equal(sample(name), content, name);
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

test("the README shows the sample's summary", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  assert.ok(
    readme.includes(`\`\`\`text\n${renderSummary(results)}\n\`\`\``),
    "run: node reports/write-sample-summary.ts",
  );
});
