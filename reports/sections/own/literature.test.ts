import assert from "node:assert/strict";
import { it } from "node:test";
import { summarise } from "../../../results/summary/summary.ts";
import { renderReport } from "../../report.ts";
import { cellOf, resultsOf, sixTargets, trialWith } from "../../testing.ts";

it("a section on the literature sets every published figure beside its source, its bounds and what was measured", async () => {
  const trials = [1.01, 1.02, 1.03].map((ratio) => trialWith({ measures: { exchangeOverRoundTripP50Ratio: ratio } }));
  const cell = cellOf("literature", sixTargets[1]!, trials);
  const prediction = (high: number, verdict: "held" | "failed") => ({
    statement: "as published",
    formula: `at most ${high} (somebody, 2012)`,
    metric: "exchangeOverRoundTripP50Ratio",
    expected: { low: 1, high },
    measured: 1.03,
    verdict,
  });
  const measured = {
    ...cell,
    variant: "exchange at 162 ms",
    ...summarise(trials, { flags: [] }),
    predictions: [prediction(1.2, "held"), prediction(1, "failed")],
  } as typeof cell;
  const info = { name: "literature", title: "Calibration", group: "calibration", question: "As others saw it?" };
  const report = (await renderReport({ ...resultsOf([measured]), experiments: [info] })).get("report.md")!;
  assert.match(
    report,
    /^\| WebSocket, exchange at 162 ms +\| at most 1\.2 \(somebody, 2012\) .* 1\.00–1\.20× .* 1\.02× .*\| +3 +\| yes +\|$/m,
  );
  assert.match(report, /at most 1 \(somebody, 2012\) .*\| \*\*no\*\* +\|$/m);
});
