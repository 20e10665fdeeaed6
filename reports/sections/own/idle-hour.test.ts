import assert from "node:assert/strict";
import { it } from "node:test";
import { summarise } from "../../../results/summary/summary.ts";
import { renderReport } from "../../report.ts";
import { cellOf, resultsOf, sixTargets, trialWith } from "../../testing.ts";

it("an idle-hour section says what an hour of heartbeats costs, where the interval comes from, and who never notices", async () => {
  const noticing = { serverNeverNoticedShare: 0, serverNoticesAfterMs: 60_000, clientNeverNoticedShare: 1 };
  const measures = { heartbeatBytes: 8, idleIpBytesPerUserHour: 15_360, idleWakeUpsPerUserHour: 120, ...noticing };
  const trials = [trialWith({ measures })];
  const cell = cellOf("idle-hour", sixTargets[1]!, trials);
  const settings = { usualInterval: "30s", usualIntervalFrom: "what people do" };
  const made = { ...cell, parameters: { ...cell.parameters, settings }, ...summarise(trials, { flags: [] }) };
  const info = { name: "idle-hour", title: "Idle hour", group: "cost", question: "What does it cost?" };
  const results = { ...resultsOf([made as typeof cell]), experiments: [info] };
  const report = (await renderReport(results)).get("report.md")!;
  assert.match(
    report,
    /^\| WebSocket +\| +30s \| +8 B \| +– \| +15,360 B \| +– \| +120 \| +– \| +60\.0 s \| +never \|/m,
  );
  assert.match(report, /\*\*WebSocket\*\*, every 30s: what people do\./);
});
