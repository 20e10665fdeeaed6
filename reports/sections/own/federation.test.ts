import assert from "node:assert/strict";
import { it } from "node:test";
import { summarise } from "../../../results/summary/summary.ts";
import { renderReport } from "../../report.ts";
import { cellOf, resultsOf, sixTargets, trialWith } from "../../testing.ts";

it("a federation section says what another server costs, as a number and for each pair", async () => {
  const trials = [
    trialWith({
      measures: {
        sameServerP50Us: 400,
        roundTripP50Us: 600,
        federatedP50Ratio: 1.5,
        firstRoundTripMs: 90,
        sameServerCpuUsPerMessage: 100,
        serverCpuUsPerMessage: 250,
      },
    }),
  ];
  const cell = cellOf("federation", sixTargets[5]!, trials);
  const variant = (name: string) => ({ ...cell, variant: name, ...summarise(trials, { flags: [] }) }) as typeof cell;
  const results = resultsOf([variant("prosody to prosody, in clear"), variant("prosody to ejabberd, over TLS")]);
  const info = { name: "federation", title: "Federation", group: "latency", question: "What does it cost?" };
  const report = (await renderReport({ ...results, experiments: [info] })).get("report.md")!;
  assert.match(report, /\*\*What decentralisation costs here \(prosody to prosody, in clear\): 1\.50×\.\*\*/);
  assert.match(
    report,
    /take 600 µs through two servers and 400 µs through one; the first one between two servers takes 90\.0 ms/,
  );
  assert.match(report, /^\| prosody to ejabberd, over TLS +\| +400 µs \| +600 µs \|/m);
});
