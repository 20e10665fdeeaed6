import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyLedger, histogramOf, trialWith, windowOf as windowWith } from "../../reports/testing.ts";
import type { Flag, Parameters, Trial, Window } from "../contract/results.ts";
import type { Measures } from "../metrics/metrics.ts";
import type { Flow } from "../recording/flows.ts";
import { memoryFlags, memoryLine, memorySeries, usedServerFlag } from "../recording/memory.ts";
import { judge } from "./validity.ts";

type Load = NonNullable<Parameters["load"]>;

const prompt = { deliveryFloorMs: 0 };
const polled = { deliveryFloorMs: 10 };
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
  rampUpMs: 0,
  durationMs: 1000,
  drainMs: 1000,
  settings: {},
});

const histogram = (us: number, count = 1000, lateUs = us): string =>
  histogramOf(Array.from({ length: count }, (_, index) => (index < count / 2 ? us : lateUs)));

interface Shape {
  load?: Load;
  achieved?: number;
  serviceUs?: number;
  dispatchUs?: number;
  ledger?: Partial<Flow["ledger"]>;
  generatorBusy?: number;
  serverBusy?: number;
  /** Share of the time a busy process did not get its core. */
  contended?: number;
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
    name: "roundTrip",
    achievedRatePerSecond: achieved,
    histograms: {
      service: histogram(serviceUs, messages, shape.lateServiceUs),
      earlyService: histogram(serviceUs, messages / 2),
      ...(load.kind === "open" && { dispatch: histogram(dispatchUs) }),
    },
    ledger: { ...emptyLedger, ...shape.ledger },
  };
  const use = {
    serverEventLoopUtilization: serverBusy,
    generatorEventLoopUtilization: generatorBusy,
    generatorEventLoopDelayMaxUs: (shape.stallMs ?? 1) * 1000,
    cpuWaitShare: shape.contended ?? 0,
  };
  return { ...windowWith("w", [flow], use), durationMs: 1000 };
}

const trialsOf = (...windows: Window[]): Trial[] =>
  windows.map((window, index) => trialWith({ trial: index + 1, windows: [window] }));

const judged = (...shapes: Shape[]): { verdict: string; codes: string[] } => {
  const { verdict, flags } = judge(trialsOf(...shapes.map(windowOf)), parametersOf(shapes[0]?.load ?? open), prompt);
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
  test(`a single message under ${name} is a defect of the target, and the numbers are true all the same`, () => {
    const trials = trialsOf(windowOf(), windowOf({ ledger: { [name]: 1 } }), windowOf());
    const { verdict, flags } = judge(trials, parametersOf(open), prompt);
    assert.equal(verdict, "valid");
    assert.deepEqual(
      flags.map(({ code: found, severity, cause }) => [found, severity, cause]),
      [[code, "defect", "target"]],
    );
    assert.match(flags[0]!.message, /^1 of 3000 messages /);
  });
}

test("a window in which nothing arrived is invalid", () => {
  const nothing = { verdict: "invalid", codes: ["no-messages"] };
  assert.deepEqual(judged({ ledger: { receivedMessages: 0 } }), nothing);
  const untimed = judged({ load: closed, achieved: 0, messages: 0 });
  assert.deepEqual([untimed.verdict, untimed.codes[0]], ["invalid", "no-messages"]);
});

test("a backlog that grows whenever much is asked is invalid, whatever is measured in turn with it", () => {
  const growing = { achieved: 900, ledger: { censoredMessages: 60 } };
  const trials = [1, 2, 3].map((trial) => {
    const windows = [
      { ...windowOf({}), name: "echo" },
      { ...windowOf(growing), name: "relay" },
    ];
    return trialWith({ trial, windows });
  });
  const { verdict, flags } = judge(trials, parametersOf(open), prompt);
  assert.equal(verdict, "invalid");
  assert.match(
    flags.find(({ severity }) => severity === "fatal")!.message,
    /^in 3 of 3 windows \(relay\) less than 95 %/,
  );
});

test("a backlog that grows in most windows is invalid, one stalled window is a warning", () => {
  // A tenth too much for a second: the second half waits 50 ms longer.
  const growing: Shape = { achieved: 900, serviceUs: 150_000, lateServiceUs: 200_000 };
  assert.deepEqual(judged(growing, growing, {}), { verdict: "invalid", codes: ["offered-rate-not-achieved"] });
  assert.deepEqual(judged(growing, {}, {}), { verdict: "valid", codes: ["stalled-window", "outlying-trial"] });
  const stuck: Shape = { achieved: 100, messages: 100, ledger: { receivedMessages: 100, censoredMessages: 900 } };
  assert.deepEqual(judged(stuck, stuck).verdict, "invalid");
  assert.deepEqual(judged({ load: closed }), { verdict: "valid", codes: [] });
});

test("a backlog in front of an idle server is said to be one, with what a limit of its rate would be", () => {
  const growing = windowOf({ achieved: 900, serviceUs: 150_000, lateServiceUs: 200_000 });
  const messageWith = (use: Record<string, number>): string => {
    const window = { ...growing, measures: { ...growing.measures, ...use } };
    return judge(trialsOf(window, window), parametersOf(open), prompt).flags[0]!.message;
  };
  assert.match(
    messageWith({ serverCpuUs: 100_000, wireReceivedBytes: 104_000 }),
    /used at most 10 % of a core meanwhile, so it waited: for a limit of its own on the rate \(10 kB\/s came back/,
  );
  // A machine that has no core for it explains the backlog just as well.
  assert.doesNotMatch(
    messageWith({ serverCpuUs: 100_000, wireReceivedBytes: 104_000, cpuWaitShare: 0.5 }),
    /a limit of its own/,
  );
  assert.match(messageWith({ serverCpuUs: 700_000 }), /grows with the duration$/, "a busy one");
  assert.match(messageWith({}), /grows with the duration$/, "one that nobody saw");
});

test("a backlog is the machine's where whoever took part had no core in every window of it", () => {
  const causeWith = (...cpuWaitShares: number[]) => {
    const windows = cpuWaitShares.map((cpuWaitShare) => {
      const growing = windowOf({ achieved: 900, serviceUs: 150_000, lateServiceUs: 200_000 });
      return { ...growing, measures: { ...growing.measures, cpuWaitShare } };
    });
    return judge(trialsOf(...windows), parametersOf(open), prompt).flags[0]!.cause;
  };
  assert.equal(causeWith(0.5, 0.3), "machine");
  assert.equal(causeWith(0.5, 0.1), "target");
});

test("distance and losses are no backlog", () => {
  // A connection for each request, 80 ms away: answers come in bunches, which short windows catch or miss.
  const bunched: Shape = { achieved: 700, serviceUs: 260_000, lateServiceUs: 280_000 };
  assert.deepEqual(judged(bunched, bunched), { verdict: "valid", codes: [] });
  const distant: Shape = { achieved: 700, serviceUs: 500_000, lateServiceUs: 501_000 };
  assert.deepEqual(judged(distant, distant), { verdict: "valid", codes: [] });
  const lossy: Shape = { achieved: 900, ledger: { receivedMessages: 900, lostMessages: 100 } };
  assert.deepEqual(judged(lossy, lossy), { verdict: "valid", codes: ["lost-messages"] });
});

test("messages that leave later than they then take bind the cell to its generator", () => {
  assert.deepEqual(judged({ dispatchUs: 150 }), { verdict: "valid", codes: ["generator-late"] });
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
  const codes = (load: Load): string[] =>
    judge(trialsOf(windowOf()), parametersOf(load), polled).flags.map(({ code }) => code);
  assert.deepEqual(codes(open), ["phase-lock"]);
  assert.deepEqual(codes({ ...open, arrivals: "poisson" }), []);
});

test("a closed loop whose generator is busier than the server says so", () => {
  const busy = { load: closed, generatorBusy: 0.95, serverBusy: 0.8 };
  assert.deepEqual(judged(busy), { verdict: "valid", codes: ["generator-saturated"] });
  assert.equal(judged({ ...busy, serverBusy: 0.99 }).verdict, "valid");
  assert.equal(judged({ ...busy, load: open }).verdict, "valid");
});

test("a process that was kept from its core is named, and does not make the numbers wrong by itself", () => {
  assert.deepEqual(judged({ contended: 0.3 }, {}, {}), { verdict: "valid", codes: ["cpu-contention"] });
  assert.deepEqual(judged({ contended: 0.1 }), { verdict: "valid", codes: [] });
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
  const short = { messages: 300, achieved: 1000 };
  assert.deepEqual(judged(short, short).codes, []);
});

test("a trial unlike the others is named, with how far, and whose doing it may be", () => {
  const frozen: Shape = { serviceUs: 100, lateServiceUs: 400_000 };
  const flagOf = (shape: Shape) =>
    judge(trialsOf(windowOf(), windowOf(shape), windowOf(), windowOf()), parametersOf(open), prompt).flags.find(
      ({ code }) => code === "outlying-trial",
    );
  const found = flagOf(frozen)!;
  assert.match(found.message, /^trial 2 of 4: p90 round trip was 400 ms, 4000 times that of the others 100 µs$/);
  assert.deepEqual([found.severity, found.cause], ["warning", "target"]);
  assert.equal(flagOf({ ...frozen, stallMs: 400 })?.cause, "machine");
  assert.equal(flagOf({ serviceUs: 100, lateServiceUs: 290 }), undefined);
  assert.equal(flagOf({ serviceUs: 100, lateServiceUs: 1000 }), undefined, "less than a millisecond");
});

test("a generator that stood still is named", () => {
  assert.deepEqual(judged({ stallMs: 30 }, {}), { verdict: "valid", codes: ["generator-stall"] });
});

test("a median of 40 ms is flagged as delayed acknowledgement, except where polling or a link takes its time", () => {
  assert.deepEqual(judged({ serviceUs: 41_000 }), { verdict: "valid", codes: ["delayed-ack"] });
  assert.deepEqual(judged({ serviceUs: 50_000 }).codes, []);
  const onceOf = [30_000, 35_000, 40_500].map((serviceUs) => windowOf({ serviceUs }));
  assert.deepEqual(
    judge(trialsOf(...onceOf), parametersOf(open), prompt).flags,
    [],
    "no timer, which is the same in all",
  );
  const patient = { deliveryFloorMs: 100 };
  const trials = trialsOf(windowOf({ serviceUs: 41_000 }));
  assert.deepEqual(judge(trials, parametersOf(open), patient).flags, []);
  assert.deepEqual(judge(trials, { ...parametersOf(open), link: { rttMs: 40 } }, prompt).flags, []);
});

test("a median of 40 ms in a full pipe of a process that is busy all the time is no delayed acknowledgement", () => {
  const slow = { load: closed, serviceUs: 41_000 };
  assert.ok(judged(slow).codes.includes("delayed-ack"));
  assert.ok(!judged({ ...slow, serverBusy: 1 }).codes.includes("delayed-ack"));
  assert.ok(!judged({ ...slow, generatorBusy: 1 }).codes.includes("delayed-ack"));
});

const idleWith = (serverBytes: readonly number[], flags: Flag[] = []): Trial => {
  const points = serverBytes.map((y, index) => ({ x: 100 * (index + 1), y }));
  const series = [memorySeries(points)];
  return trialWith({ series, flags: [...memoryFlags(memoryLine({ series })), ...flags] });
};

const codesOf = (trials: readonly Trial[], machine = { loadAverage: 0, cores: 2 }): string[] =>
  judge(trials, parametersOf(open), prompt, machine).flags.map(({ code }) => code);

test("believes a slope if the memory lies on a line, and warns if it does not or does not rise", () => {
  const line = idleWith([30e6, 31e6, 32e6, 33e6]);
  const stairs = idleWith([30e6, 30e6, 30e6, 36e6]);
  assert.deepEqual(codesOf([line, line, stairs]), []);
  assert.deepEqual(codesOf([line, stairs, stairs]), ["memory-not-linear"]);
  assert.deepEqual(codesOf([idleWith([33e6, 32e6, 31e6, 30e6])]), ["memory-not-linear"]);
});

test("warns of a server that ran before, and says why one could not be seen", () => {
  assert.deepEqual(codesOf([idleWith([30e6, 31e6, 32e6, 33e6], [usedServerFlag])]), ["used-server"]);
  const message = "the server's CPU time and memory are not reported: example.org is another host";
  const unseen: Flag = { code: "server-unseen", severity: "warning", cause: "machine", message };
  const trials = trialsOf(windowOf(), windowOf()).map((trial) => ({ ...trial, flags: [unseen] }));
  assert.deepEqual(judge(trials, parametersOf(open), prompt), { verdict: "valid", flags: [unseen] });
});

test("takes what a trial noticed for the cell, each once, and follows its severity", () => {
  const flag: Flag = { code: "own", severity: "fatal", cause: "wirebench", message: "it was not what it seemed" };
  const trials = [trialWith({ flags: [flag] }), trialWith({ flags: [flag] }), trialWith({})];
  assert.deepEqual(judge(trials, parametersOf(open), prompt), { verdict: "invalid", flags: [flag] });
  const bound: Flag = { ...flag, code: "capacity-bound", severity: "warning" };
  assert.equal(judge([trialWith({ flags: [bound] })], parametersOf(open), prompt).verdict, "valid");
});

test("asks nothing of windows without traffic, which are an experiment's own", () => {
  const own = trialsOf(windowWith("own", [], { cpuWaitShare: 0.5 }));
  assert.deepEqual(judge(own, parametersOf(open), prompt), { verdict: "valid", flags: [] });
});

test("warns of a machine that was busy before the run", () => {
  const trials = trialsOf(windowOf({}));
  assert.deepEqual(codesOf(trials, { loadAverage: 0.9, cores: 2 }), []);
  assert.deepEqual(codesOf(trials, { loadAverage: 1, cores: 2 }), ["load-average"]);
});

/** Trials of virtual users that are one process, which measured nothing else. */
const users = (...trials: Measures[]): { verdict: string; codes: string[] } => {
  const { verdict, flags } = judge(
    trials.map((measures) => trialWith({ measures })),
    parametersOf(open),
    prompt,
  );
  return { verdict, codes: flags.map(({ code }) => code) };
};

test("users whose process was full in any trial bind the cell to them", () => {
  assert.deepEqual(users({ usersEventLoopUtilization: 0.9 }), { verdict: "valid", codes: [] });
  assert.deepEqual(users({ usersEventLoopUtilization: 0.2 }, { usersEventLoopUtilization: 0.91 }), {
    verdict: "valid",
    codes: ["users-saturated"],
  });
});

test("users who had no core are told from users who were full", () => {
  const busy = { usersEventLoopUtilization: 0.95 };
  assert.deepEqual(users({ ...busy, usersCpuShare: 0.91 }).codes, ["users-saturated"]);
  assert.deepEqual(users({ ...busy, usersCpuShare: 0.4 }).codes, ["users-starved"]);
});

test("in a closed loop that was watched it counts what was full, and not that everybody was busy", () => {
  const measures = { usersEventLoopUtilization: 1, usersCpuShare: 0.5 };
  const codes = (busiestNodeCpuShare: number): string[] =>
    judge([trialWith({ measures: { ...measures, busiestNodeCpuShare } })], parametersOf(closed), prompt).flags.map(
      ({ code }) => code,
    );
  assert.deepEqual(codes(0.95), []);
  assert.deepEqual(codes(0.5), ["closed-loop-underloaded"]);
});

test("users who sent late are named: by the 99th percentile, or where none has one, by the median", () => {
  const busy = { usersEventLoopUtilization: 0.5 };
  const late = { verdict: "valid", codes: ["users-late"] };
  const onTime = { verdict: "valid", codes: [] };
  assert.deepEqual(users({ ...busy, dispatchP99Us: 10_000 }), onTime);
  assert.deepEqual(users({ ...busy, dispatchP99Us: 100 }, { ...busy, dispatchP99Us: 10_001 }), late);
  assert.deepEqual(users({ ...busy, dispatchP50Us: 10_001 }), late);
  assert.deepEqual(users({ ...busy, dispatchP50Us: 10_001, dispatchP99Us: 9000 }), onTime);
});

test("users whom a starved machine kept without an answer make the share of found states untrue", () => {
  const silent = { rejoinUnansweredFraction: 0.5, cpuWaitShareMax: 0.7 };
  const cluster = (measures: Measures, policy: string) =>
    judge([trialWith({ measures })], { ...parametersOf(open), policy }, prompt).verdict;
  assert.equal(cluster({ ...silent, cpuWaitMaxMs: 900 }, "leastconn+cookie"), "invalid");
  assert.equal(cluster({ ...silent, cpuWaitMaxMs: 200 }, "leastconn+cookie"), "valid");
  assert.equal(cluster({ ...silent, cpuWaitMaxMs: 900, rejoinUnansweredFraction: 0 }, "leastconn+cookie"), "valid");
  assert.equal(cluster({ ...silent, cpuWaitMaxMs: 900 }, "round-robin"), "valid");
});

test("the causes are kept apart: what the target, wirebench or the machine did", () => {
  const causes = (shape: Shape): string[] =>
    judge(trialsOf(windowOf(shape)), parametersOf(shape.load ?? open), prompt).flags.map(({ cause }) => cause);
  assert.deepEqual(causes({ ledger: { lostMessages: 1 } }), ["target"]);
  assert.deepEqual(causes({ dispatchUs: 150 }), ["wirebench"]);
  assert.deepEqual(causes({ contended: 0.3 }), ["machine"]);
});
