import assert from "node:assert/strict";
import { it } from "node:test";
import { summarise } from "../../../results/summary/summary.ts";
import { renderReport } from "../../report.ts";
import { cellOf, resultsOf, sixTargets, trialWith } from "../../testing.ts";

async function reportOf(name: string, variant: string, trial: ReturnType<typeof trialWith>): Promise<string> {
  const cell = cellOf(name, sixTargets[1]!, [trial]);
  const results = resultsOf([{ ...cell, variant, ...summarise([trial], { flags: [] }) } as typeof cell]);
  const info = { name, title: "One to many", group: "broadcast", question: "When?" };
  return (await renderReport({ ...results, experiments: [info] })).get("report.md")!;
}

it("a fan-out section sets recipients, loop and bystander of a cell side by side", async () => {
  const measures = { firstRecipientP50Us: 400, loopP50Us: 4000, heardWithinLoopFraction: 0.5, bystanderP99Us: 3900 };
  const report = await reportOf("server-fan-out", "500 subscribers, plain loop", trialWith({ measures }));
  assert.match(
    report,
    /^\| [^|]*500 subscribers, plain loop +\| +400 µs \|[^|]+\|[^|]+\| +4\.00 ms \|[^|]+\| +50\.0 % \|/m,
  );
  assert.match(report, /^\| [^|]*500 subscribers, plain loop +\|(?:[^|]+\|){4} +3\.90 ms \|/m, "the bystander's p99");
});

it("a slow-reader section says what it cost and what the reader heard", async () => {
  const trial = trialWith({ measures: { givenUpMs: 1050, missingDeliveries: 0 } });
  const events = [
    { atMs: 1, subject: "one reader", what: "stopped reading (SIGSTOP)", kind: "fault" as const },
    {
      atMs: 9,
      subject: "one reader",
      what: "a connection was ended by the server: end of stream",
      kind: "observation" as const,
    },
  ];
  const report = await reportOf("slow-reader", "one of 3 stops reading", { ...trial, events });
  assert.match(
    report,
    /^\| [^|]*one of 3 stops reading +\| +1\.05 s \|.*\| +0 \| a connection was ended by the server: end of stream/m,
  );
});
