import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { madeUpTrials, sixTargets, trialWith } from "../../reports/testing.ts";
import { metrics } from "../metrics/metrics.ts";
import { medianInterval } from "../statistics/intervals.ts";
import { intervalOf, spread, summarise } from "./summary.ts";

const websocket = sixTargets[1]!;

describe("summaries", () => {
  it("hold the median, the lowest and the highest count", () => {
    assert.deepEqual(spread([3, 1, 2]), { value: 2, low: 1, high: 3 });
    assert.deepEqual(spread([4, 1, 2, 3]), { value: 2.5, low: 1, high: 4 });
    assert.deepEqual(spread([7]), { value: 7, low: 7, high: 7 });
  });

  it("follow one rule for all units: counts and shares have the lowest and highest, all else a 95 % interval", () => {
    const values = [3, 1, 2];
    const extremes = { value: 2, low: 1, high: 3 };
    const units = [...new Set(metrics.map(({ unit }) => unit))];
    assert.ok(units.length >= 8);
    for (const unit of units) {
      const isCount = unit === "messages" || unit === "count" || unit === "share";
      assert.deepEqual(intervalOf(values, unit), isCount ? extremes : medianInterval(values), unit);
      assert.deepEqual(intervalOf([0, 2, 1], unit), { value: 1, low: 0, high: 2 }, `${unit} with a 0`);
    }
  });

  it("apply it to whatever was measured", () => {
    const trials = [1, 2, 4].map((value) =>
      trialWith({ measures: { deliveredFraction: value / 4, allReconnectedMs: value, attempts: value } }),
    );
    assert.deepEqual(summarise(trials).summary, {
      deliveredFraction: { value: 0.5, low: 0.25, high: 1 },
      allReconnectedMs: medianInterval([1, 2, 4]),
      attempts: { value: 2, low: 1, high: 4 },
    });
  });

  it("take the trial as the unit", () => {
    const { summary } = summarise(madeUpTrials("throughput", { ...websocket, spread: 0.25 }, 3));
    const { value, low, high } = summary.achievedRatePerSecond!;
    assert.equal(value, 50_000);
    assert.ok(low < 40_000 && high > 50_000 / 0.75, "three trials cover less than they span");
    assert.deepEqual(summary.lostMessages, { value: 0, low: 0, high: 0 });
  });

  it("leave out what one trial cannot tell, and everything of no trials", () => {
    const [first, second] = madeUpTrials("echo", websocket, 2);
    const { connectP50Us: _, ...silent } = second!.measures;
    assert.ok(summarise([first!]).summary.connectP50Us);
    assert.equal(summarise([first!, { measures: silent }]).summary.connectP50Us, undefined);
    assert.deepEqual(summarise([]), { summary: {} });
  });
});
