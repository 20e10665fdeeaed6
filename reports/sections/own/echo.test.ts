import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cell } from "../../../results/contract/results.ts";
import { renderReport } from "../../report.ts";
import { madeUpCell, resultsOf, sixTargets } from "../../testing.ts";

const over = (cell: Cell): Cell => ({ ...cell, parameters: { ...cell.parameters, link: { rttMs: 50 } } });

test("delays over a link are told in its round trips, and whose wait is its own clock's", async () => {
  const cells = sixTargets.map((target) => over(madeUpCell("echo", target)));
  const report = (await renderReport(resultsOf(cells))).get("report.md")!;
  const section = /#### In round trips of the link[\s\S]*?(?=\n#|\n!\[)/.exec(report)![0];
  const middleOf = (name: string): number => Number(new RegExp(`\\| ${name} +\\| +([\\d.]+)×`).exec(section)![1]);
  const polled = sixTargets.find(({ pollIntervalMs }) => pollIntervalMs !== undefined)!;
  assert.ok(Math.abs(middleOf("Short polling[^|]*") - polled.roundTripUs / 50_000) < 0.1, section);
  assert.match(section, /\*\*Short polling[^*]*\*\* also waits for its clock, up to 2\.00× here/);
  assert.equal(section.match(/waits for its clock/g)!.length, 1);
  const near = (await renderReport(resultsOf(sixTargets.map((target) => madeUpCell("echo", target))))).get(
    "report.md",
  )!;
  assert.doesNotMatch(near, /In round trips of the link/);
});
