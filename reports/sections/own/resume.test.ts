import assert from "node:assert/strict";
import { it } from "node:test";
import { summarise } from "../../../results/summary/summary.ts";
import { renderReport } from "../../report.ts";
import { cellOf, resultsOf, sixTargets, trialWith } from "../../testing.ts";

it("a section on resuming says of each target what the protocol brings and what an application builds", async () => {
  const cells = [1, 2].flatMap((place) =>
    (["bare", "resumed"] as const).map((variant) => {
      const lostUpdates = variant === "bare" ? 320 : 0;
      const trials = [trialWith({ measures: { lostUpdates, acceptedThenLostUpdates: lostUpdates / 2 } })];
      const cell = cellOf("resume", sixTargets[place]!, trials);
      const resumedBy = variant === "bare" ? "nothing" : ["application", "position"][place - 1]!;
      const parameters = { ...cell.parameters, settings: { resumedBy } };
      return { ...cell, variant, parameters, ...summarise(trials, { flags: [] }) } as typeof cell;
    }),
  );
  const info = { name: "resume", title: "Resume", group: "failure", question: "What is lost?" };
  const report = (await renderReport({ ...resultsOf(cells), experiments: [info] })).get("report.md")!;
  assert.match(report, /^\| WebSocket +\| an application +\| an application +\| +320 \| +160 \| +0 \|/m);
  assert.match(report, /^\| SSE +\| the protocol +\| an application +\| +320 \|/m);
});
