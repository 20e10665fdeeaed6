/** Results for tests, with every number chosen: deterministic, and small enough to check by hand. */
import { build, encodeIntoCompressedBase64 } from "hdr-histogram-js";
import {
  type Cell,
  type Flow,
  type FlowLedger,
  type FlowName,
  type IdleTrial,
  type Interval,
  type Parameters,
  type ProtocolInfo,
  type Results,
  type ScenarioName,
  schemaVersion,
  type Trial,
  type Validity,
  type Window,
} from "../results/contract/results.ts";
import { compareWithReference } from "../results/summary/comparison.ts";
import { summarise } from "../results/summary/summary.ts";

/** What a made-up target is like; delays in microseconds. */
export interface MadeUpTarget {
  readonly target: string;
  readonly protocol?: string;
  readonly roundTripUs: number;
  readonly ratePerSecond: number;
  readonly overheadBytes: number;
  readonly cpuUs?: number;
  /** Of one resting connection. */
  readonly memoryBytes?: number;
  /** How far trials lie apart, as a share. */
  readonly spread?: number;
  readonly pollIntervalMs?: number;
  readonly verdict?: Partial<Record<ScenarioName, Validity["verdict"]>>;
  readonly foreign?: boolean;
}

const info = (
  name: string,
  title: string,
  uplink: ProtocolInfo["uplink"],
  downlink: ProtocolInfo["downlink"],
  specification: string,
): Omit<ProtocolInfo, "position"> => ({
  name,
  title,
  summary: title,
  specification,
  uplink,
  downlink,
  framing: "text",
  floor: name === "tcp",
});

const protocolInfos: readonly ProtocolInfo[] = [
  info("tcp", "TCP", "stream", "stream", "RFC 9293"),
  info("websocket", "WebSocket", "stream", "stream", "RFC 6455"),
  info("sse", "SSE", "request", "stream", "WHATWG HTML"),
  info("short-polling", "Short polling", "request", "polled", "RFC 9110"),
  info("long-polling", "Long polling", "request", "held-request", "RFC 6202"),
  info("xmpp", "XMPP", "stream", "stream", "RFC 6120"),
].map((described, position) => ({ ...described, position }));

export const sixTargets: readonly MadeUpTarget[] = [
  {
    target: "tcp",
    roundTripUs: 100,
    ratePerSecond: 60_000,
    overheadBytes: 10,
    verdict: { throughput: "generator-bound" },
  },
  { target: "websocket", roundTripUs: 150, ratePerSecond: 50_000, overheadBytes: 12, cpuUs: 14 },
  { target: "sse", roundTripUs: 400, ratePerSecond: 9000, overheadBytes: 420, cpuUs: 60 },
  {
    target: "short-polling",
    roundTripUs: 52_000,
    ratePerSecond: 2500,
    overheadBytes: 640,
    cpuUs: 70,
    pollIntervalMs: 100,
  },
  { target: "long-polling", roundTripUs: 900, ratePerSecond: 6000, overheadBytes: 800, cpuUs: 90 },
  { target: "xmpp", roundTripUs: 600, ratePerSecond: 12_000, overheadBytes: 260, cpuUs: 50 },
];

/** A histogram of `count` delays: half of them at the median, the others up to ten times that. */
export function madeUpHistogram(medianUs: number, count = 1000): string {
  const histogram = build({ bitBucketSize: 32, numberOfSignificantValueDigits: 3 });
  for (let index = 0; index < count; index++) {
    const share = (index + 1) / count;
    histogram.recordValue(Math.round(medianUs * 1000 * (share <= 0.5 ? 1 : 1 + 9 * (2 * share - 1) ** 4)));
  }
  return encodeIntoCompressedBase64(histogram);
}

export const emptyLedger: FlowLedger = {
  sentMessages: 1000,
  receivedMessages: 1000,
  lostMessages: 0,
  duplicatedMessages: 0,
  reorderedMessages: 0,
  censoredMessages: 0,
  corruptedMessages: 0,
};

export const openLoad = { kind: "open", ratePerSecond: 2000 } as const;
export const closedLoad = { kind: "closed", inFlight: 16 } as const;

const idleSteps = [50, 100, 150, 200];

export function madeUpParameters(scenario: ScenarioName, pollIntervalMs?: number): Parameters {
  return {
    connections: scenario === "idle" ? idleSteps.at(-1)! : 16,
    workers: 1,
    payloadBytes: 256,
    payloadKind: "text",
    ...(scenario === "idle"
      ? { connectionSteps: idleSteps }
      : { load: scenario === "throughput" ? closedLoad : openLoad }),
    warmupMs: 250,
    settleMs: 100,
    durationMs: 500,
    drainMs: 2000,
    ...(pollIntervalMs !== undefined && { pollIntervalMs }),
  };
}

export const madeUpFlow = (us: number, open: boolean, achievedRatePerSecond = 2000): Flow => ({
  load: open ? openLoad : closedLoad,
  achievedRatePerSecond,
  histograms: {
    service: madeUpHistogram(us),
    ...(open && { dispatch: madeUpHistogram(1), scheduled: madeUpHistogram(us * 1.02) }),
  },
  ledger: { ...emptyLedger },
});

function madeUpWindow(
  name: string,
  flows: Partial<Record<FlowName, Flow>>,
  made: MadeUpTarget,
  factor: number,
): Window {
  const { cpuUs = 10, overheadBytes, foreign = false } = made;
  const use = (us: number) => ({
    cpuUs: us * factor * 1000,
    messages: 1000,
    rssBytes: 100_000_000,
    eventLoopUtilization: us / 1000,
  });
  const sent = 1000 * (256 + Math.floor(overheadBytes / 2));
  return {
    name,
    durationMs: 500,
    flows,
    wireBytes: { sent, received: 1000 * (512 + overheadBytes) - sent, messages: 1000 },
    ...(!foreign && { server: use(cpuUs) }),
    generators: [use(cpuUs * 1.3)],
  };
}

function madeUpWindows(scenario: ScenarioName, made: MadeUpTarget, factor: number): Window[] {
  const us = made.roundTripUs * factor;
  if (scenario === "echo") return [madeUpWindow("echo", { roundTrip: madeUpFlow(us, true) }, made, factor)];
  if (scenario === "throughput") {
    const roundTrip = madeUpFlow(us * 4, false, made.ratePerSecond / factor);
    return [madeUpWindow("throughput", { roundTrip }, made, factor)];
  }
  const flow = madeUpFlow(us / 2, true);
  return [
    madeUpWindow("uplink alone", { uplink: flow }, made, factor),
    madeUpWindow("downlink alone", { downlink: flow }, made, factor),
    madeUpWindow(
      "together",
      { uplink: madeUpFlow(us * 0.6, true), downlink: madeUpFlow(us * 0.7, true) },
      made,
      factor,
    ),
  ];
}

/** A server that needs 30 MB and then so much for each connection, and does nothing unless it is polled. */
function madeUpIdle({ memoryBytes = 5000, pollIntervalMs, foreign = false }: MadeUpTarget, factor: number): IdleTrial {
  const polls = pollIntervalMs === undefined ? 0 : (idleSteps.at(-1)! * 1000) / pollIntervalMs;
  return {
    freshServer: !foreign,
    memory: idleSteps.map((connections) => ({
      connections,
      serverBytes: Math.round(30e6 + connections * memoryBytes * factor),
    })),
    durationMs: 1000,
    serverCpuUs: 50 + polls * 60 * factor,
    wireBytes: { sent: polls * 150, received: polls * 120 },
  };
}

/** Trials whose numbers lie at, above and below those chosen, in turn. */
export function madeUpTrials(scenario: ScenarioName, made: MadeUpTarget, trials: number): Trial[] {
  const { spread = 0.04 } = made;
  return Array.from({ length: trials }, (_, index) => {
    const factor = 1 + spread * [0, 1, -1][index % 3]!;
    const base = { trial: index + 1, state: "complete", startedAt: "2026-01-02T03:04:05.000Z" } as const;
    if (scenario === "idle") return { ...base, windows: [], idle: madeUpIdle(made, factor) };
    const connect = madeUpHistogram(made.roundTripUs > 10_000 ? 900 : made.roundTripUs * 3, 16);
    return { ...base, connect, windows: madeUpWindows(scenario, made, factor) };
  });
}

const madeUpFlags: Record<Validity["verdict"], Validity["flags"]> = {
  valid: [],
  "generator-bound": [{ code: "generator-saturated", severity: "warning", message: "the load generator was full" }],
  invalid: [{ code: "lost-messages", severity: "fatal", message: "7 of 1000 messages were lost" }],
};

export function madeUpCell(scenario: ScenarioName, made: MadeUpTarget, trials = 3): Cell {
  const parameters = madeUpParameters(scenario, made.pollIntervalMs);
  const verdict = made.verdict?.[scenario] ?? "valid";
  const all = madeUpTrials(scenario, made, trials);
  return {
    target: made.target,
    protocol: made.protocol ?? made.target,
    scenario,
    parameters,
    state: "measured",
    validity: { verdict, flags: madeUpFlags[verdict] },
    trials: all,
    summary: summarise(all, parameters),
  };
}

export function madeUpResults(
  targets: readonly MadeUpTarget[] = sixTargets,
  {
    trials = 3,
    scenarios = ["echo", "throughput", "duplex"],
  }: { trials?: number; scenarios?: readonly ScenarioName[] } = {},
): Results {
  return resultsOf(scenarios.flatMap((scenario) => targets.map((made) => madeUpCell(scenario, made, trials))));
}

/** Around any cells, compared with the target of the first. */
export function resultsOf(cells: readonly Cell[]): Results {
  const protocols = new Set(cells.map(({ protocol }) => protocol));
  return {
    schemaVersion,
    tool: { name: "wirebench", version: "1.2.3", commit: "0123456789ab" },
    command: "wirebench run",
    preset: "quick",
    seed: 7,
    startedAt: "2026-01-02T03:04:05.000Z",
    finishedAt: "2026-01-02T03:05:05.000Z",
    interrupted: false,
    environment: {
      runtime: "Node.js v24.0.0",
      os: "Linux 6.0.0 x64",
      cpu: "Example CPU",
      cores: 8,
      memoryBytes: 16 * 2 ** 30,
      loadAverage: 0.25,
      components: { ws: "8.0.0", undici: "7.0.0" },
    },
    protocols: protocolInfos.filter(({ name }) => protocols.has(name)),
    cells: [...cells],
    comparisons: cells.length > 0 ? compareWithReference(cells, cells[0]!.target) : [],
    claims: [],
  };
}

export const exactly = (value: number): Interval => ({ value, low: value, high: value });
