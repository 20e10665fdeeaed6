import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  emptyLedger,
  madeUpFlow,
  madeUpHistogram,
  madeUpParameters,
  madeUpTrials,
  sixTargets,
} from "../../reports/testing.ts";
import type { Trial } from "../contract/results.ts";
import type { Unit } from "../quantities/format.ts";
import { spread, summarise } from "../summary/summary.ts";
import { metricNamed, metrics } from "./metrics.ts";

const websocket = sixTargets[1]!;
const echoParameters = madeUpParameters("echo");

/** Relative, as a histogram keeps three significant digits. */
const near = (actual: number | undefined, expected: number) =>
  assert.ok(actual !== undefined && Math.abs(actual / expected - 1) < 2e-3, `${actual} is not near ${expected}`);

const bareTrial = (trial: Partial<Trial>): Trial => ({
  trial: 1,
  state: "complete",
  startedAt: "2026-01-02T03:04:05.000Z",
  windows: [],
  ...trial,
});

describe("metrics", () => {
  it("have names that end in their unit and differ", () => {
    assert.equal(new Set(metrics.map(({ name }) => name)).size, metrics.length);
    const endings: Partial<Record<Unit, RegExp>> = {
      us: /Us(PerMessage|PerConnectionSecond)?$/,
      perSecond: /PerSecond$/,
      bytes: /Bytes/,
      memory: /BytesPerConnection$/,
      messages: /Messages$/,
      ratio: /Ratio$/,
    };
    for (const { name, unit } of metrics) assert.match(name, endings[unit]!);
    assert.throws(() => metricNamed("nonsense"), RangeError);
  });

  it("read delays in microseconds from the last window", () => {
    const [trial] = madeUpTrials("echo", websocket, 1);
    near(metricNamed("roundTripP50Us").read(trial!, echoParameters), 150);
    near(metricNamed("scheduledP50Us").read(trial!, echoParameters), 153);
    near(metricNamed("roundTripMaxUs").read(trial!, echoParameters), 1500);
  });

  it("leave out a percentile that the messages do not carry", () => {
    const [trial] = madeUpTrials("echo", websocket, 1);
    assert.equal(metricNamed("roundTripP999Us").read(trial!, echoParameters), undefined);
    assert.equal(
      metricNamed("connectP50Us").read(bareTrial({ connect: madeUpHistogram(100, 11) }), echoParameters),
      undefined,
    );
    near(metricNamed("connectP50Us").read(bareTrial({ connect: madeUpHistogram(100, 12) }), echoParameters), 100);
  });

  it("compare a direction alone with both together, within one trial", () => {
    const [trial] = madeUpTrials("duplex", websocket, 1);
    near(metricNamed("uplinkAloneP50Us").read(trial!, echoParameters), 75);
    near(metricNamed("uplinkP50Us").read(trial!, echoParameters), 90);
    near(metricNamed("uplinkInterferenceP50Ratio").read(trial!, echoParameters), 1.2);
    near(metricNamed("downlinkInterferenceP50Ratio").read(trial!, echoParameters), 1.4);
  });

  it("divide bytes and CPU time by messages", () => {
    const [trial] = madeUpTrials("throughput", websocket, 1);
    assert.equal(metricNamed("wireBytesPerMessage").read(trial!, echoParameters), 524);
    assert.equal(metricNamed("overheadBytesPerMessage").read(trial!, echoParameters), 12);
    assert.equal(metricNamed("serverCpuUsPerMessage").read(trial!, echoParameters), 14);
    near(metricNamed("generatorCpuUsPerMessage").read(trial!, echoParameters), 18.2);
  });

  it("say nothing about the client's CPU time in an open loop, whose pacing spins", () => {
    const [trial] = madeUpTrials("echo", websocket, 1);
    assert.equal(metricNamed("generatorCpuUsPerMessage").read(trial!, echoParameters), undefined);
  });

  it("say nothing about a server this run did not start", () => {
    const [trial] = madeUpTrials("echo", { ...websocket, foreign: true }, 1);
    assert.equal(metricNamed("serverCpuUsPerMessage").read(trial!, echoParameters), undefined);
  });

  it("count what every window lost", () => {
    const flow = { ...madeUpFlow(10, true), ledger: { ...emptyLedger, lostMessages: 2 } };
    const window = { name: "echo", durationMs: 500, flows: { roundTrip: flow }, generators: [] };
    const trial = bareTrial({
      windows: [{ ...window, flows: { uplink: flow } }, window].map((w) => ({
        ...w,
        wireBytes: { sent: 0, received: 0, messages: 0 },
      })),
    });
    assert.equal(metricNamed("lostMessages").read(trial, echoParameters), 4);
    assert.equal(metricNamed("wireBytesPerMessage").read(trial, echoParameters), undefined);
  });
});

describe("summaries", () => {
  it("hold the median, the lowest and the highest count", () => {
    assert.deepEqual(spread([3, 1, 2]), { value: 2, low: 1, high: 3 });
    assert.deepEqual(spread([4, 1, 2, 3]), { value: 2.5, low: 1, high: 4 });
    assert.deepEqual(spread([7]), { value: 7, low: 7, high: 7 });
  });

  it("take the trial as the unit", () => {
    const summary = summarise(
      madeUpTrials("throughput", { ...websocket, spread: 0.25 }, 3),
      madeUpParameters("throughput"),
    );
    const { value, low, high } = summary.achievedRatePerSecond!;
    assert.equal(value, 50_000);
    assert.ok(low < 40_000 && high > 50_000 / 0.75, "three trials cover less than they span");
    assert.deepEqual(summary.lostMessages, { value: 0, low: 0, high: 0 });
  });

  it("leave out what one trial cannot tell", () => {
    const [first, second] = madeUpTrials("echo", websocket, 2);
    const { connect: _, ...silent } = second!;
    assert.ok(summarise([first!], echoParameters).connectP50Us);
    assert.equal(summarise([first!, silent], echoParameters).connectP50Us, undefined);
  });
});
