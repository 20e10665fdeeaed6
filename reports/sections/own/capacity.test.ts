import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Cell, Flag, Results } from "../../../results/contract/results.ts";
import { objectiveSettings, type Probe, recordProbe } from "../../../results/recording/probes.ts";
import { summarise } from "../../../results/summary/summary.ts";
import { judge } from "../../../results/validity/validity.ts";
import { renderReport, renderSummary } from "../../report.ts";
import { cellOf, resultsOf, sixTargets, trialWith, windowOf } from "../../testing.ts";

const probe = (offeredRatePerSecond: number, delayUs: number | undefined, more: Partial<Probe> = {}): Probe => ({
  offeredRatePerSecond,
  achievedRatePerSecond: offeredRatePerSecond,
  ...(delayUs !== undefined && { delayUs }),
  held: delayUs !== undefined && delayUs <= 10_000,
  generatorBound: false,
  confirms: false,
  ...more,
});

const bound: Flag = {
  code: "capacity-bound",
  severity: "warning",
  cause: "wirebench",
  message: "the search ended at the load generator's limit",
};

function searched(index: number, capacityRatePerSecond: number, probes: readonly Probe[], flags: Flag[] = []): Cell {
  const made = sixTargets[index]!;
  const windows = probes.map((one) => ({ ...windowOf("probe", []), measures: recordProbe(one) }));
  const trials = [trialWith({ windows, measures: { capacityRatePerSecond }, flags })];
  const cell = cellOf("capacity", made, trials);
  const settings = objectiveSettings({ percentile: 99, delayUsMax: 10_000 });
  const parameters = { ...cell.parameters, settings };
  const validity = judge(trials, parameters, { deliveryFloorMs: 0 });
  return { ...cell, parameters, validity, ...summarise(trials, { flags: validity.flags }) } as Cell;
}

const again = { confirms: true };
const kneeAt8000 = [
  probe(1000, 200),
  probe(8000, 900),
  probe(9000, 25_000),
  probe(16_000, undefined, { achievedRatePerSecond: 9100 }),
  probe(8000, 950, again),
];
const noLimit = [
  probe(1000, 100),
  probe(32_000, 300),
  probe(64_000, 400, { held: false, generatorBound: true }),
  probe(32_000, 310, again),
];
const never = [probe(1, 50_000), probe(1, 60_000)];

const results: Results = resultsOf([
  searched(0, 32_000, noLimit, [bound]),
  searched(1, 8000, kneeAt8000),
  searched(3, 0, never),
]);

const sectionOf = async (some: Results): Promise<string> =>
  /### Capacity[\s\S]*?(?=\n##? )/.exec((await renderReport(some)).get("report.md")!)![0];

describe("the capacity section", () => {
  it("shows the highest rate that held, the delay there, and what ended the search", async () => {
    const section = await sectionOf(results);
    assert.match(section, /the p99 of the round trip, from the schedule, stays within \*\*10\.0 ms\*\*/);
    assert.match(
      section,
      /\| TCP +\| +≥ 32,000\/s¹ \| +310 µs \| at 64,000\/s the load generator was the limit \| +4 \|/,
    );
    assert.match(section, /\| WebSocket +\| +8,000\/s \| +950 µs \| at 9,000\/s p99 was 25\.0 ms +\| +5 \|/);
    assert.match(section, /\| Short polling every 100 ms \| +–² \| +– \| at 1\.00\/s p99 was 50\.0 ms +\| +2 \|/);
    assert.match(section, /² no rate held the objective/);
  });

  it("says how a rate was missed other than by its delay", async () => {
    const endedBy = async (next: Probe): Promise<string> =>
      sectionOf(resultsOf([searched(1, 1000, [probe(1000, 200), probe(1000, 200, again), next])]));
    const missed = { held: false };
    assert.match(
      await endedBy(probe(2000, 100, { ...missed, achievedRatePerSecond: 500 })),
      /at 2,000\/s only 500\/s came back/,
    );
    assert.match(await endedBy(probe(2000, undefined, missed)), /at 2,000\/s too few messages came back for a p99/);
    assert.match(await endedBy(probe(2000, 100, missed)), /at 2,000\/s messages were lost, duplicated or out of order/);
    assert.match(await sectionOf(resultsOf([searched(1, 1000, [])])), /not searched/);
  });

  it("is summed up at the top, with a figure of all probes and no comparison", async () => {
    const files = await renderReport(results);
    const report = files.get("report.md")!;
    assert.match(
      report,
      /^\| TCP +\| +≥32\.0k \| ▒+ +\| +310 µs \| at 64,000\/s the load generator was the limit \|$/m,
    );
    assert.doesNotMatch(report, /## (At a glance|Cost|Delivery)|undefined|NaN/);
    assert.deepEqual([...files.keys()], ["report.md", "capacity.svg"]);
    assert.match(files.get("capacity.svg")!, />WebSocket</);
  });

  it("stands in a terminal with the delay and the end of the search", () => {
    const screen = renderSummary(results);
    assert.match(screen, /^target +capacity\/s +p99 there +what ended it$/m);
    assert.match(screen, /^TCP +≥32\.0k ▒+ +310 µs +at 64,000\/s the load .*…$/m);
    assert.match(screen, /^WebSocket +8000 █[█▏▎▍▌▋▊▉]* +950 µs +at 9,000\/s p99 was 25\.0 ms$/m);
    assert.match(screen, /^Short polling +– +– +at 1\.00\/s/m);
  });
});
