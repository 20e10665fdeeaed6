import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "../../protocol/random.ts";
import {
  histogramOf,
  madeUpFlow,
  madeUpHistogram,
  madeUpParameters,
  madeUpTrials,
  sixTargets,
  trialWith,
  windowOf,
} from "../../reports/testing.ts";
import type { Trial } from "../contract/results.ts";
import { metrics } from "../metrics/metrics.ts";
import { trafficMeasures } from "../recording/traffic-measures.ts";
import { medianInterval } from "../statistics/intervals.ts";
import { intervalOf, spread, summarise } from "./summary.ts";

const websocket = sixTargets[1]!;

/** An echo of these delays in microseconds, and of so many messages that never came. */
function trialTaking(delaysUs: readonly number[], neverCame = 0): Trial {
  const histogram = histogramOf(delaysUs);
  const flow = { ...madeUpFlow("roundTrip", 1, true), timedMessages: delaysUs.length + neverCame };
  const histograms = { service: histogram, scheduled: histogram, dispatch: madeUpHistogram(1, flow.timedMessages) };
  const recorded = { windows: [windowOf("echo", [{ ...flow, histograms }])], histograms: {} };
  return trialWith({ ...recorded, measures: trafficMeasures(recorded, madeUpParameters("echo")) });
}

const near = (actual: number, expected: number, tolerance = 0.01) =>
  assert.ok(Math.abs(actual / expected - 1) < tolerance, `${actual} is not near ${expected}`);

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

  it("give no middle where the trials disagree too widely for one, rather than an interval from 56 ns to 163 s", () => {
    const { summary, absences } = summarise(
      [121, 24_000, 328].map((us) => trialWith({ measures: { connectP50Us: us, attempts: us } })),
    );
    assert.equal(summary.connectP50Us, undefined);
    assert.deepEqual(absences, {
      connectP50Us: {
        kind: "unsettled",
        why: "not settled: its 3 trials lie at 121 µs–24.0 ms, too far apart for a middle",
      },
    });
    assert.deepEqual(summary.attempts, { value: 328, low: 121, high: 24_000 });
    const alike = summarise([300, 360, 328].map((us) => trialWith({ measures: { connectP50Us: us } })));
    assert.equal(alike.summary.connectP50Us?.value, 328);
  });

  it("say of memory that noise lets shrink the most that it may be, or that it did not grow", () => {
    const of = (...slopes: readonly number[]) =>
      summarise(slopes.map((memoryBytesPerUser) => trialWith({ measures: { memoryBytesPerUser } })));
    const why = "within the noise: the 3 trials lie at -0.500–2.00 KiB, and this is the most of them";
    const most = 2048;
    assert.deepEqual(of(-512, most, 64).summary, {
      memoryBytesPerUser: { value: most, low: most, high: most, bound: "at-most", why },
    });
    assert.deepEqual(of(-512).summary, {
      memoryBytesPerUser: { value: -512, low: -512, high: -512, why: "within the noise: it did not grow" },
    });
    assert.equal(of(60, 64, 68).summary.memoryBytesPerUser?.bound, undefined);
  });

  it("apply it to whatever was measured", () => {
    const trials = [2, 3, 4].map((value) =>
      trialWith({ measures: { deliveredFraction: value / 4, allReconnectedMs: value, attempts: value } }),
    );
    assert.deepEqual(summarise(trials).summary, {
      deliveredFraction: { value: 0.75, low: 0.5, high: 1 },
      allReconnectedMs: medianInterval([2, 3, 4]),
      attempts: { value: 3, low: 2, high: 4 },
    });
  });

  it("take the trial as the unit", () => {
    const { summary } = summarise(madeUpTrials("throughput", { ...websocket, spread: 0.25 }, 3));
    const { value, low, high } = summary.achievedRatePerSecond!;
    assert.equal(value, 50_000);
    assert.ok(low < 40_000 && high > 50_000 / 0.75, "three trials cover less than they span");
    assert.deepEqual(summary.lostMessages, { value: 0, low: 0, high: 0 });
  });

  it("pool tails over all trials, so that one frozen trial of five shows, and the maximum is the maximum", () => {
    const quick = Array.from({ length: 600 }, (_, index) => 100 + index);
    const frozen = quick.map((us, index) => (index < 400 ? us : (index - 400) * 2500));
    const { summary } = summarise([quick, quick, frozen, quick, quick].map((delaysUs) => trialTaking(delaysUs)));
    near(summary.scheduledP50Us!.value, 400);
    near(summary.scheduledP99Us!.value, 425_000);
    near(summary.scheduledMaxUs!.value, 497_500);
    near(summary.scheduledP99Us!.low, 694);
    near(summary.scheduledP99Us!.high, 482_500);
  });

  it("give a pooled tail the lowest and the highest trial, which hold it whatever the trials are like", () => {
    const random = seededRandom(9);
    for (let run = 0; run < 200; run++) {
      const trials = Array.from({ length: 1 + Math.floor(random() * 7) }, () => {
        const stallUs = random() < 0.3 ? 500_000 * random() : 0;
        const stalled = random();
        return Array.from({ length: 200 + Math.floor(random() * 400) }, () =>
          random() < stalled ? 100 - 50 * Math.log(random()) : stallUs * random() + 100,
        );
      });
      const { summary } = summarise(trials.map((delaysUs) => trialTaking(delaysUs)));
      const sorted = trials.flat().sort((a, b) => a - b);
      for (const [percentile, name] of [
        [90, "scheduledP90Us"],
        [99, "scheduledP99Us"],
      ] as const) {
        const interval = summary[name];
        if (interval === undefined) continue;
        assert.ok(interval.low <= interval.value && interval.value <= interval.high, `${name} of run ${run}`);
        near(interval.value, sorted[Math.round((percentile / 100) * sorted.length) - 1]!, 0.05);
      }
    }
  });

  it("take percentiles over everything sent: what never came is infinitely late", () => {
    const delays = Array.from({ length: 999 }, (_, index) => 100 + index);
    const lossy = () => trialTaking(delays, 1);
    const { summary, absences } = summarise(Array.from({ length: 10 }, lossy));
    near(summary.scheduledP50Us!.value, 600);
    near(summary.scheduledP99Us!.value, 1090);
    assert.deepEqual(Object.keys(absences!), ["roundTripMaxUs", "scheduledMaxUs"]);
    assert.match(absences!.scheduledMaxUs!.why, /^10 of 10000 messages never came/);
    assert.equal(absences!.scheduledMaxUs!.kind, "never");
    const worse = summarise(Array.from({ length: 10 }, () => trialTaking(delays.slice(0, 900), 100)));
    near(worse.summary.scheduledP50Us!.value, 600);
    near(worse.summary.scheduledP90Us!.value, 999);
    assert.equal(worse.absences?.scheduledP99Us?.kind, "never");
    const half = summarise([trialTaking(delays, 0), trialTaking(delays.slice(0, 400), 600)]);
    assert.equal(half.absences?.scheduledP50Us?.kind, "never");
  });

  it("say that a tail is a lower bound where it is infinite in some trials", () => {
    const delays = Array.from({ length: 1000 }, (_, index) => 100 + index);
    const { summary } = summarise(
      [delays, delays, delays, delays].map((own, index) => trialTaking(own, index === 1 ? 30 : 0)),
    );
    const { value, high, bound, why } = summary.scheduledP99Us!;
    assert.ok(value <= high);
    assert.equal(bound, "at-least");
    assert.match(why!, /^in 1 of 4 trials so many messages never came/);
  });

  it("leave out what one trial cannot tell, and everything of no trials", () => {
    const [first, second] = madeUpTrials("echo", websocket, 2);
    const { connectP50Us: _, ...silent } = second!.measures;
    assert.ok(summarise([first!]).summary.connectP50Us);
    assert.equal(summarise([first!, { ...second!, measures: silent }]).summary.connectP50Us, undefined);
    assert.deepEqual(summarise([]), { summary: {} });
  });
});
