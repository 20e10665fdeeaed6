import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { histogramOf, madeUpFlow, madeUpParameters, trialWith, windowOf } from "../../reports/testing.ts";
import type { Flag, Trial } from "../contract/results.ts";
import type { WindowUse } from "../recording/flows.ts";
import { trafficMeasures } from "../recording/traffic-measures.ts";
import { closedLoopCodes } from "./closed-loop-limits.ts";
import { summarise } from "./summary.ts";

const closed = madeUpParameters("throughput");
const openLoop = madeUpParameters("echo");

/** 10,000 round trips in half a second, for so much of the server's CPU time. */
function closedTrial(use: Partial<WindowUse>): Trial {
  const flow = madeUpFlow("roundTrip", 100, false, 20_000);
  const recorded = { windows: [windowOf("throughput", [flow], { serverMessages: 10_000, ...use })], histograms: {} };
  return trialWith({ ...recorded, measures: trafficMeasures(recorded, closed) });
}

const rateOf = (use: Partial<WindowUse>, flags: readonly Flag[] = []) =>
  summarise([closedTrial(use), closedTrial(use), closedTrial(use)], { parameters: closed, flags }).summary
    .achievedRatePerSecond!;

describe("a closed loop's rate", () => {
  const ours = { serverThreads: 1, serverCores: 1 };

  it("is the server's where it was busy for 0.9 of the time, and else a bracket up to what its CPU time allows", () => {
    const { bound, upTo } = rateOf({ ...ours, serverCpuUs: 460_000 });
    assert.deepEqual([bound, upTo], [undefined, undefined]);
    // Half idle at 25 µs a message: 20,000/s, and 40,000/s could be.
    const bracket = rateOf({ ...ours, serverCpuUs: 250_000 });
    assert.deepEqual([bracket.value, bracket.bound, bracket.upTo], [20_000, "at-least", 40_000]);
    assert.match(bracket.why!, /^the server was busy for 50 % of the time, so it could carry more: up to/);
  });

  it("has no upper end where nobody knows how many threads share the work, unless one of them is full", () => {
    const foreign = { serverCores: 2, serverCpuUs: 480_000 };
    const open = rateOf({ ...foreign, serverBusiestThreadCpuUs: 240_000 });
    assert.deepEqual([open.bound, open.upTo], ["at-least", undefined]);
    assert.match(open.why!, /busy for 48 % of the time.* unknown/);
    assert.equal(rateOf({ ...foreign, serverBusiestThreadCpuUs: 470_000 }).bound, undefined);
    assert.equal(rateOf({ serverCores: 2, serverCpuUs: 950_000, serverBusiestThreadCpuUs: 240_000 }).bound, undefined);
  });

  it("is a lower bound where the server could not be seen, and as measured where the load followed a schedule", () => {
    assert.match(rateOf({}).why!, /could not be seen/);
    const trials = [closedTrial({ ...ours, serverCpuUs: 250_000 })];
    assert.equal(summarise(trials, { parameters: openLoop }).summary.achievedRatePerSecond!.bound, undefined);
  });

  it("has a generator that was full make upper bounds of its delays, not of what the full server carried", () => {
    const full: Flag = { code: "generator-saturated", severity: "warning", cause: "wirebench", message: "full" };
    const trials = [closedTrial({ ...ours, serverCpuUs: 480_000 })];
    const { summary } = summarise(trials, { parameters: closed, flags: [full] });
    assert.deepEqual([summary.achievedRatePerSecond!.bound, summary.roundTripP50Us!.bound], [undefined, "at-most"]);
  });
});

/** An echo whose delays are 1 ms, and of which the load generator was late with so many of a thousand. */
function lateTrial(lateCount: number, lateUs: number): Trial {
  const all = (us: number, lateOnes: number): string =>
    histogramOf(Array.from({ length: 1000 }, (_, index) => (index < 1000 - lateCount ? us : lateOnes)));
  const flow = {
    ...madeUpFlow("roundTrip", 1000, true),
    histograms: { service: all(1000, 1000), scheduled: all(1010, 1000 + lateUs), dispatch: all(10, lateUs) },
  };
  const recorded = { windows: [windowOf("echo", [flow])], histograms: {} };
  return trialWith({ ...recorded, measures: trafficMeasures(recorded, openLoop) });
}

describe("a delay from the schedule", () => {
  const boundsOf = (lateCount: number, lateUs: number) => {
    const trials = [1, 2, 3].map(() => lateTrial(lateCount, lateUs));
    const { scheduledP50Us, scheduledP99Us, scheduledMaxUs } = summarise(trials, { parameters: openLoop }).summary;
    return [scheduledP50Us?.bound, scheduledP99Us?.bound, scheduledMaxUs?.bound];
  };

  it("is an upper bound in the percentiles that are mostly the load generator's own lateness, and in no others", () => {
    assert.deepEqual(boundsOf(0, 0), [undefined, undefined, undefined]);
    assert.deepEqual(boundsOf(20, 5000), [undefined, "at-most", "at-most"]);
    assert.deepEqual(boundsOf(5, 5000), [undefined, undefined, "at-most"]);
    assert.deepEqual(boundsOf(600, 5000), ["at-most", "at-most", "at-most"]);
    assert.deepEqual(boundsOf(600, 800), [undefined, undefined, undefined], "less than half of it");
  });

  it("says by how much the load generator was late", () => {
    const { scheduledP99Us } = summarise([lateTrial(20, 5000)], { parameters: openLoop }).summary;
    assert.match(scheduledP99Us!.why!, /^the load generator itself was late by 5\.00 ms at this percentile/);
  });
});

describe("a goodput", () => {
  it("is a bound where the rate it follows from is one, in bytes", () => {
    const trial = closedTrial({ serverThreads: 1, serverCores: 1, serverCpuUs: 250_000 });
    const measures = { ...trial.measures, goodputBytesPerSecond: 20_000 * closed.payloadBytes };
    const { summary } = summarise([{ ...trial, measures }], { parameters: closed });
    const { bound, upTo } = summary.goodputBytesPerSecond!;
    assert.deepEqual([bound, upTo], ["at-least", 40_000 * closed.payloadBytes]);
  });
});

describe("a detour", () => {
  /** An echo and a relay, measured in turn; of the echo the load generator was late by so much. */
  const ratioOf = (lateUs: number) => {
    const flow = (us: number, dispatchUs: number) => {
      const made = madeUpFlow("roundTrip", us, true);
      return { ...made, histograms: { ...made.histograms, dispatch: histogramOf(Array(1000).fill(dispatchUs)) } };
    };
    const windows = [windowOf("echo", [flow(100, lateUs)]), windowOf("relay", [flow(250, 20)])];
    const measures = { roundTripP50Us: 250, echoP50Us: 100, relayOverEchoP50Ratio: 2.5 };
    return summarise([trialWith({ windows, histograms: {}, measures })], { parameters: openLoop });
  };

  it("has no ratio where the load generator was most of what one of the two took", () => {
    const { summary } = ratioOf(20);
    assert.deepEqual([summary.relayOverEchoP50Ratio!.value, summary.echoP50Us!.bound], [2.5, undefined]);
    const late = ratioOf(60);
    assert.equal(late.absences!.relayOverEchoP50Ratio!.kind, "unknown");
    assert.deepEqual([late.summary.echoP50Us!.bound, late.summary.roundTripP50Us!.bound], ["at-most", undefined]);
  });
});

describe("a delay to the last of many recipients", () => {
  /** 1 ms to the last recipient; the users' process was busy for so much of the time since the first, the sender so late. */
  const boundsOf = (busy: number, firstUs: number, lateUs = 0) => {
    const made = madeUpFlow("fanOut", 300, true);
    const flow = { ...made, histograms: { ...made.histograms, dispatch: histogramOf(Array(1000).fill(lateUs)) } };
    const window = windowOf("50 members", [flow], { generatorBusyBetweenRecipients: busy });
    const recipients = { firstRecipient: firstUs, medianRecipient: 500, lastRecipient: 1000 };
    const histograms = Object.fromEntries(
      Object.entries(recipients).map(([name, us]) => [name, histogramOf(Array(1000).fill(us))]),
    );
    const measures = { firstRecipientP50Us: firstUs, medianRecipientP50Us: 500, lastRecipientP50Us: 1000 };
    const trial = trialWith({
      windows: [{ ...window, histograms: { ...window.histograms, ...histograms } }],
      measures,
    });
    const { summary } = summarise([{ ...trial, histograms: {} }], { parameters: openLoop });
    return [summary.firstRecipientP50Us, summary.medianRecipientP50Us, summary.lastRecipientP50Us].map(
      (number) => number!.bound,
    );
  };

  it("is an upper bound where the users' process was busy from the first to the last", () => {
    assert.deepEqual(boundsOf(0.5, 100), [undefined, undefined, undefined], "they wait for the server");
    assert.deepEqual(boundsOf(0.97, 100), [undefined, "at-most", "at-most"]);
    assert.deepEqual(boundsOf(0.97, 300), [undefined, undefined, "at-most"], "to the middle it is the smaller part");
  });

  it("is an upper bound where most of it is the sender's lateness", () => {
    assert.deepEqual(boundsOf(0.1, 100, 60), ["at-most", undefined, undefined]);
    assert.deepEqual(boundsOf(0.1, 100, 600), ["at-most", "at-most", "at-most"]);
  });
});

describe("the closed loop of a cluster", () => {
  const full: Flag = {
    code: closedLoopCodes.machine,
    severity: "warning",
    cause: "machine",
    message: "cores were full",
  };
  const idle: Flag = { ...full, code: closedLoopCodes.load, message: "nothing was full" };
  const measures = { deliveriesPerSecond: 3000, lastRecipientP50Us: 900, busiestNodeCpuShare: 0.7 };
  const summaryOf = (flag: Flag) => summarise([trialWith({ measures })], { parameters: closed, flags: [flag] }).summary;
  const boundsOf = (flag: Flag) => {
    const { deliveriesPerSecond, lastRecipientP50Us, busiestNodeCpuShare } = summaryOf(flag);
    return [deliveriesPerSecond, lastRecipientP50Us, busiestNodeCpuShare].map((number) => number!.bound);
  };

  it("has bounds where something else than the cluster was full, and says what that was", () => {
    assert.deepEqual(boundsOf(full), ["at-least", "at-most", undefined]);
    assert.equal(summaryOf(full).deliveriesPerSecond!.why, "cores were full");
  });

  it("has lower bounds of its rates, but true delays, where nothing was full", () => {
    assert.deepEqual(boundsOf(idle), ["at-least", undefined, undefined]);
  });
});
