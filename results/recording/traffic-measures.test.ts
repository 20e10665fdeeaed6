import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  emptyLedger,
  madeUpFlow,
  madeUpHistogram,
  madeUpParameters,
  madeUpTrials,
  sixTargets,
  windowOf,
} from "../../reports/testing.ts";
import type { Trial } from "../contract/results.ts";
import { flowsOf, recordUse, useOf } from "./flows.ts";
import { trafficMeasures } from "./traffic-measures.ts";

const websocket = { ...sixTargets[1]!, spread: 0 };
const measure = (trial: Pick<Trial, "windows" | "histograms">, scenario = "echo") =>
  trafficMeasures(trial, madeUpParameters(scenario));
const bare = { windows: [], histograms: {} };

/** Relative, as a histogram keeps three significant digits. */
const near = (actual: number | undefined, expected: number) =>
  assert.ok(actual !== undefined && Math.abs(actual / expected - 1) < 2e-3, `${actual} is not near ${expected}`);

describe("a trial of traffic", () => {
  it("gives delays in microseconds from the last window", () => {
    const { roundTripP50Us, scheduledP50Us, roundTripMaxUs } = measure(madeUpTrials("echo", websocket, 1)[0]!);
    near(roundTripP50Us, 150);
    near(scheduledP50Us, 153);
    near(roundTripMaxUs, 1500);
  });

  it("leaves out a percentile that the messages do not carry", () => {
    assert.equal(measure(madeUpTrials("echo", websocket, 1)[0]!).roundTripP999Us, undefined);
    const windows = [windowOf("echo", [madeUpFlow("roundTrip", 10, true)])];
    const connect = (count: number) =>
      measure({ windows, histograms: { connect: madeUpHistogram(100, count) } }).connectP50Us;
    assert.equal(connect(11), undefined);
    near(connect(12), 100);
  });

  it("compares a direction alone with both together, within one trial", () => {
    const found = measure(madeUpTrials("duplex", websocket, 1)[0]!, "duplex");
    near(found.uplinkAloneP50Us, 75);
    near(found.uplinkP50Us, 90);
    near(found.uplinkInterferenceP50Ratio, 1.2);
    near(found.downlinkInterferenceP50Ratio, 1.4);
  });

  it("adds up the rates of all flows", () => {
    assert.equal(measure(madeUpTrials("throughput", websocket, 1)[0]!, "throughput").achievedRatePerSecond, 50_000);
    assert.equal(measure(madeUpTrials("duplex", websocket, 1)[0]!, "duplex").achievedRatePerSecond, 4000);
  });

  it("divides bytes and CPU time by messages", () => {
    const found = measure(madeUpTrials("throughput", websocket, 1)[0]!, "throughput");
    assert.equal(found.wireBytesPerMessage, 524);
    assert.equal(found.overheadBytesPerMessage, 12);
    assert.equal(found.serverCpuUsPerMessage, 14);
    near(found.generatorCpuUsPerMessage, 18.2);
  });

  it("counts the connections that were opened meanwhile, over the messages that arrived", () => {
    const [trial] = madeUpTrials("echo", websocket, 1);
    const [window] = trial!.windows;
    const opening = (wireConnections: number) => {
      const measures = { ...window!.measures, ...recordUse({ wireConnections } as never) };
      return measure({ ...trial!, windows: [{ ...window!, measures }] }).connectionsPerMessage;
    };
    assert.equal(opening(0), 0);
    assert.equal(opening(2 * window!.measures.roundTripReceivedMessages!), 2);
    assert.equal(measure(trial!).connectionsPerMessage, undefined);
  });

  it("divides the client's CPU time by messages in an open loop too, and says how it was paced", () => {
    const [trial] = madeUpTrials("echo", websocket, 1);
    assert.ok(measure(trial!).generatorCpuUsPerMessage! > 0);
    const [window] = trial!.windows;
    const paced = { ...window!, measures: { ...window!.measures, ...recordUse({ pacingPeriodUs: 500 } as never) } };
    assert.equal(measure({ ...trial!, windows: [paced] }).pacingPeriodUs, 500);
  });

  it("says nothing about a server that could not be seen", () => {
    const [trial] = madeUpTrials("echo", { ...websocket, foreign: true }, 1);
    assert.equal(measure(trial!).serverCpuUsPerMessage, undefined);
  });

  it("says nothing about costs where nothing was counted, or one process is not both ends", () => {
    const nothing = recordUse({
      ...useOf(madeUpTrials("echo", websocket, 1)[0]!.windows[0]!),
      wireMessages: 0,
    } as never);
    const window = { ...windowOf("echo", [madeUpFlow("roundTrip", 10, true)]) };
    const found = measure({ ...bare, windows: [{ ...window, measures: { ...window.measures, ...nothing } }] });
    assert.deepEqual([found.wireBytesPerMessage, found.overheadBytesPerMessage], [undefined, undefined]);
    const duplex = measure(madeUpTrials("duplex", websocket, 1)[0]!, "duplex");
    assert.deepEqual([duplex.wireBytesPerMessage, duplex.serverCpuUsPerMessage], [undefined, undefined]);
  });

  it("counts what every window lost", () => {
    const ledger = { ...emptyLedger, lostMessages: 2 };
    const flow = (name: "uplink" | "roundTrip") => ({ ...madeUpFlow(name, 10, true), ledger });
    const windows = [windowOf("first", [flow("uplink")]), windowOf("last", [flow("roundTrip")])];
    const found = measure({ ...bare, windows });
    assert.equal(found.lostMessages, 4);
    assert.equal(found.wireBytesPerMessage, undefined);
  });

  it("without a window has nothing to tell", () => {
    assert.deepEqual(measure(bare), {});
  });
});

describe("a window", () => {
  it("gives back the flows and the use that were recorded in it", () => {
    const flows = [madeUpFlow("uplink", 10, true), madeUpFlow("downlink", 20, false, 500)];
    const use = { generatorCpuUs: 5, wireMessages: 0, cpuWaitShare: 0.25 };
    const window = windowOf("together", flows, use);
    assert.deepEqual(flowsOf(window), flows);
    assert.deepEqual(useOf(window), use);
  });

  it("without traffic has no flow", () => {
    assert.deepEqual(flowsOf(windowOf("own", [])), []);
  });
});
