import assert from "node:assert/strict";
import { test } from "node:test";
import { protocolNamed } from "../../bench/targets/protocols.ts";
import { emptyLedger } from "../../load/flows/flow.ts";
import { LatencyHistogram } from "../../load/recording/latency.ts";
import type { Flow, FlowLedger, Load, Parameters, Trial, Window } from "../contract/results.ts";
import { judge } from "./validity.ts";

const traits = protocolNamed("tcp").server.traits;
const open: Load = { kind: "open", ratePerSecond: 1000 };
/** 10 connections x 10 in flight at 100 us each: a million round trips a second, by Little's law. */
const closed: Load = { kind: "closed", inFlight: 10 };
const steadyRate = 1e6;

const parametersOf = (load: Load): Parameters => ({
  connections: 10,
  workers: 1,
  payloadBytes: 256,
  payloadKind: "text",
  load,
  warmupMs: 0,
  settleMs: 0,
  durationMs: 1000,
  drainMs: 1000,
});

function histogram(us: number, count = 1000, lateUs = us): string {
  const latency = new LatencyHistogram();
  for (let i = 0; i < count; i++) latency.record((i < count / 2 ? us : lateUs) * 1000);
  return latency.encode();
}

interface Shape {
  load?: Load;
  achieved?: number;
  serviceUs?: number;
  dispatchUs?: number;
  ledger?: Partial<FlowLedger>;
  generatorBusy?: number;
  serverBusy?: number;
  /** Share of the time a busy process did not get its core. */
  starved?: number;
  messages?: number;
  /** Service time in the second half of the window. */
  lateServiceUs?: number;
  stallMs?: number;
}

function windowOf(shape: Shape = {}): Window {
  const {
    load = open,
    achieved = load.kind === "open" ? 1000 : steadyRate,
    messages = 1000,
    serviceUs = 100,
    dispatchUs = 1,
    generatorBusy = 0.5,
    serverBusy = 0.5,
  } = shape;
  const flow: Flow = {
    load,
    achievedRatePerSecond: achieved,
    histograms: {
      service: histogram(serviceUs, messages, shape.lateServiceUs),
      earlyService: histogram(serviceUs, messages / 2),
      ...(load.kind === "open" && { dispatch: histogram(dispatchUs) }),
    },
    ledger: { ...emptyLedger(), sentMessages: 1000, receivedMessages: 1000, ...shape.ledger },
  };
  const use = (eventLoopUtilization: number) => ({
    cpuUs: (eventLoopUtilization - (shape.starved ?? 0)) * 1e6,
    messages: 1,
    rssBytes: 1,
    eventLoopUtilization,
    eventLoopDelayMaxUs: (shape.stallMs ?? 1) * 1000,
  });
  return {
    name: "w",
    durationMs: 1000,
    flows: { roundTrip: flow },
    wireBytes: { sent: 1, received: 1, messages: 1 },
    server: use(serverBusy),
    generators: [use(generatorBusy)],
  };
}

const trialsOf = (...windows: Window[]): Trial[] =>
  windows.map((window, index) => ({
    trial: index + 1,
    state: "complete",
    startedAt: "2026-01-01T00:00:00.000Z",
    windows: [window],
  }));

const judged = (...shapes: Shape[]): { verdict: string; codes: string[] } => {
  const { verdict, flags } = judge(trialsOf(...shapes.map(windowOf)), parametersOf(shapes[0]?.load ?? open), traits);
  return { verdict, codes: flags.map(({ code }) => code) };
};

test("finds nothing wrong with a clean cell", () => {
  assert.deepEqual(judged({}, {}, {}), { verdict: "valid", codes: [] });
});

const ledgerCodes = {
  lostMessages: "lost-messages",
  duplicatedMessages: "duplicated-messages",
  reorderedMessages: "reordered-messages",
  censoredMessages: "censored-messages",
  corruptedMessages: "corrupted-messages",
} as const;

for (const [name, code] of Object.entries(ledgerCodes)) {
  test(`a single message under ${name} makes a cell invalid`, () => {
    assert.deepEqual(judged({}, { ledger: { [name]: 1 } }, {}), { verdict: "invalid", codes: [code] });
  });
}

test("a window in which nothing arrived is invalid", () => {
  assert.equal(judged({ ledger: { receivedMessages: 0 } }).verdict, "invalid");
});

test("a rate that most windows miss is invalid, one stalled window is a warning", () => {
  assert.deepEqual(judged({ achieved: 900 }, { achieved: 900 }, {}), {
    verdict: "invalid",
    codes: ["offered-rate-not-achieved"],
  });
  assert.deepEqual(judged({ achieved: 900 }, {}, {}), { verdict: "valid", codes: ["stalled-window"] });
  assert.deepEqual(judged({ load: closed }), { verdict: "valid", codes: [] });
});

test("messages that leave later than they then take bind the cell to its generator", () => {
  assert.deepEqual(judged({ dispatchUs: 150 }), { verdict: "generator-bound", codes: ["generator-late"] });
  assert.equal(judged({ dispatchUs: 150 }, {}, {}).verdict, "valid");
});

test("messages that leave later than the gap between them bind the cell, however slow the answers are", () => {
  assert.deepEqual(judged({ dispatchUs: 1100, serviceUs: 5000 }).codes, ["generator-late"]);
  assert.deepEqual(judged({ dispatchUs: 900, serviceUs: 5000 }).codes, []);
});

test("a window that receives more than it offered worked off a queue", () => {
  assert.deepEqual(judged({ achieved: 1100 }).codes, ["backlog-carried-over"]);
});

test("an even schedule almost as slow as the poll clock is warned about, a Poisson one is not", () => {
  const polled = protocolNamed("short-polling").server.traits;
  const codes = (load: Load): string[] =>
    judge(trialsOf(windowOf()), { ...parametersOf(load), pollIntervalMs: 10 }, polled).flags.map(({ code }) => code);
  assert.deepEqual(codes(open), ["phase-lock"]);
  assert.deepEqual(codes({ ...open, arrivals: "poisson" }), []);
});

test("a closed loop whose generator is busier than the server is generator-bound", () => {
  const busy = { load: closed, generatorBusy: 0.95, serverBusy: 0.8 };
  assert.deepEqual(judged(busy), { verdict: "generator-bound", codes: ["generator-saturated"] });
  assert.equal(judged({ ...busy, serverBusy: 0.99 }).verdict, "valid");
  assert.equal(judged({ ...busy, load: open }).verdict, "valid");
});

test("a process that was kept from its core is named, and does not make the numbers wrong by itself", () => {
  assert.deepEqual(judged({ starved: 0.3 }, {}, {}), { verdict: "valid", codes: ["processor-starved"] });
  assert.deepEqual(judged({ starved: 0.1 }), { verdict: "valid", codes: [] });
});

test("a closed loop whose rate and times do not multiply to what is in flight was not steady", () => {
  assert.deepEqual(judged({ load: closed, achieved: steadyRate * 0.9 }).codes, []);
  assert.deepEqual(judged({ load: closed, achieved: steadyRate * 0.8 }).codes, ["littles-law"]);
  assert.deepEqual(judged({ load: closed, achieved: steadyRate * 0.8 }, { load: closed }, { load: closed }).codes, []);
});

test("a window whose second half is slower, or faster, drifts", () => {
  assert.deepEqual(judged({ lateServiceUs: 200 }, { lateServiceUs: 200 }, {}).codes, ["drift"]);
  assert.deepEqual(judged({ lateServiceUs: 50 }).codes, ["drift"]);
  assert.deepEqual(judged({ lateServiceUs: 200 }, { lateServiceUs: 50 }, {}).codes, []);
  assert.deepEqual(judged({ lateServiceUs: 140 }).codes, []);
});

test("too few messages for a p99 are said to be too few", () => {
  assert.deepEqual(judged({ messages: 569, achieved: 1000 }).codes, ["few-samples"]);
  assert.deepEqual(judged({ messages: 571, achieved: 1000 }).codes, []);
});

test("a generator that stood still is named", () => {
  assert.deepEqual(judged({ stallMs: 30 }, {}), { verdict: "valid", codes: ["generator-stall"] });
});

test("a median of 40 ms is flagged as delayed acknowledgement, except where polling waits on purpose", () => {
  assert.deepEqual(judged({ serviceUs: 41_000 }), { verdict: "valid", codes: ["delayed-ack"] });
  assert.deepEqual(judged({ serviceUs: 50_000 }).codes, []);
  const polled = protocolNamed("short-polling").server.traits;
  assert.deepEqual(judge(trialsOf(windowOf({ serviceUs: 41_000 })), parametersOf(open), polled).flags, []);
});

const resting = (serverBytes: readonly number[], freshServer = true): Trial => ({
  trial: 1,
  state: "complete",
  startedAt: "2026-01-01T00:00:00.000Z",
  windows: [],
  idle: {
    freshServer,
    memory: serverBytes.map((bytes, index) => ({ connections: 100 * (index + 1), serverBytes: bytes })),
    durationMs: 1000,
    wireBytes: { sent: 0, received: 0 },
  },
});

const codesOf = (trials: readonly Trial[], machine = { loadAverage: 0, cores: 2 }): string[] =>
  judge(trials, parametersOf(open), traits, machine).flags.map(({ code }) => code);

test("believes a slope if the memory lies on a line, and warns if it does not or does not rise", () => {
  const line = resting([30e6, 31e6, 32e6, 33e6]);
  const stairs = resting([30e6, 30e6, 30e6, 36e6]);
  assert.deepEqual(codesOf([line, line, stairs]), []);
  assert.deepEqual(codesOf([line, stairs, stairs]), ["memory-not-linear"]);
  assert.deepEqual(codesOf([resting([33e6, 32e6, 31e6, 30e6])]), ["memory-not-linear"]);
});

test("warns of a server that ran before, and says why one could not be seen", () => {
  assert.deepEqual(codesOf([resting([30e6, 31e6, 32e6, 33e6], false)]), ["used-server"]);
  const unseen = { ...trialsOf(windowOf({}))[0]!, serverUnseen: "example.org is another host" };
  const { flags } = judge([unseen], parametersOf(open), traits);
  assert.match(flags[0]!.message, /were not measured: example\.org is another host/);
});

test("warns of a machine that was busy before the run", () => {
  const trials = trialsOf(windowOf({}));
  assert.deepEqual(codesOf(trials, { loadAverage: 0.9, cores: 2 }), []);
  assert.deepEqual(codesOf(trials, { loadAverage: 1, cores: 2 }), ["load-average"]);
});
