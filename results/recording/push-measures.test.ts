import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyLedger, madeUpFlow, madeUpHistogram, windowOf } from "../../reports/testing.ts";
import { pushMeasures } from "./push-measures.ts";

const link = { rttMs: 80 };
const flow = {
  ...madeUpFlow("downlink", 60_000, true),
  timedMessages: 1000,
  age: { watchedS: 10, areaS2: 6, sourceAreaS2: 5 },
};
const use = { wireSentBytes: 100_000, wireReceivedBytes: 300_000, cpuWaitShare: 0.4 };

const near = (actual: number | undefined, expected: number) =>
  assert.ok(actual !== undefined && Math.abs(actual / expected - 1) < 2e-3, `${actual} is not near ${expected}`);

test("a window of pushes says how old what users have is, and by how much older than at the source", () => {
  const found = pushMeasures(windowOf("push", [flow], use), {});
  near(found.ageMeanUs, 600_000);
  near(found.ageOverSourceMeanUs, 100_000);
  near(found.pushP50Us, 60_000);
  assert.equal(found.wireBytesPerUpdate, 400);
  assert.equal(found.askedBytesPerUpdate, 100);
  assert.equal(found.cpuWaitShareMax, 0.4);
  assert.equal(found.pushOverTransitP50Ratio, undefined);
  assert.equal(found.parkedShare, undefined);
});

test("over a link, delays are counted in transits", () => {
  near(pushMeasures(windowOf("push", [flow], use), { link }).pushOverTransitP50Ratio, 1.5);
});

test("where a request may wait, both kinds of values are told apart", () => {
  const histograms = {
    ...flow.histograms,
    awaited: madeUpHistogram(40_000, 300),
    unawaited: madeUpHistogram(80_000, 700),
  };
  const found = pushMeasures(windowOf("push", [{ ...flow, histograms }], use), { link });
  assert.equal(found.parkedShare, 0.3);
  near(found.parkedPollP50Us, 40_000);
  near(found.parkedPollOverTransitP50Ratio, 1);
  near(found.betweenPollsOverTransitP50Ratio, 2);
});

test("a mean over what never came is none, and what did not come is in no part by itself", () => {
  const late = { ...flow, timedMessages: 1100, ledger: { ...emptyLedger, sentMessages: 1100, lostMessages: 100 } };
  const found = pushMeasures(windowOf("push", [late], use), {});
  assert.equal(found.pushMeanUs, undefined);
  assert.notEqual(found.pushP50Us, undefined);
  assert.equal(found.pushP99Us, undefined);
});

test("a window without a downlink has none of it", () => {
  assert.deepEqual(pushMeasures(windowOf("echo", [madeUpFlow("roundTrip", 10, true)]), {}), {});
});
