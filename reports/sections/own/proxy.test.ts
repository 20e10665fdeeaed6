import assert from "node:assert/strict";
import { it } from "node:test";
import type { Finding } from "../../../results/contract/finding.ts";
import { settingFinding } from "../../../results/recording/way-findings.ts";
import { summarise } from "../../../results/summary/summary.ts";
import { renderReport } from "../../report.ts";
import { cellOf, resultsOf, sixTargets, trialWith } from "../../testing.ts";

const finding = (probe: string, outcome: Finding["outcome"], evidence: string): Finding => ({
  probe,
  outcome,
  evidence,
});

it("a section says what each proxy does as shipped, and what it needs, with what was seen", async () => {
  const trials = [
    trialWith({
      measures: { proxySettingsNeededWithHeartbeat: 1, shippedEventSoonestMs: 206, proxiedP50Us: 300 },
      findings: [
        finding("shipped-message", "works", "its echo came"),
        finding("shipped-event", "breaks", "the soonest of 4 took 206 ms"),
        finding("shipped-silence", "breaks", "the connection was gone after 1000 ms"),
        finding("usual-heartbeat", "works", "the connection was there afterwards"),
        settingFinding("option http-no-delay", "an event took 206 ms or more"),
        settingFinding("timeout server 1h", "silence was cut off after 1000 ms"),
      ],
    }),
  ];
  const cell = cellOf("proxy", sixTargets[2]!, trials);
  const through = {
    ...cell,
    variant: "haproxy",
    parameters: { ...cell.parameters, settings: { silenceMsAsShipped: 50_000, usualHeartbeatMs: 15_000 } },
    ...summarise(trials, { flags: [] }),
  } as typeof cell;
  const info = { name: "proxy", title: "Through a proxy", group: "latency", question: "What does it need?" };
  const report = (await renderReport({ ...resultsOf([through]), experiments: [info] })).get("report.md")!;
  assert.match(report, /\| haproxy +\| cut after 50 s +\| 15 s, enough +\| +– +\| +300 µs +\|/);
  assert.match(
    report,
    /\| haproxy +\| \*\*holds events up\*\*, 206 ms +\| `option http-no-delay`, `timeout server 1h` +\| +1 \|/,
  );
  assert.match(report, /An event at once as shipped: \*\*does not work\*\*; the soonest of 4 took 206 ms/);
  assert.match(report, /Without `timeout server 1h`: silence was cut off after 1000 ms/);
  assert.doesNotMatch(report, /undefined|NaN/);
});
