/** Results for tests, with every number chosen: deterministic, and small enough to check by hand. */
import { build, encodeIntoCompressedBase64 } from "hdr-histogram-js";
import {
  type Cell,
  type ExperimentInfo,
  type Flag,
  type Parameters,
  type Results,
  schemaVersion,
  type TargetInfo,
  type Trial,
  type Window,
} from "../results/contract/results.ts";
import type { Measures } from "../results/metrics/metrics.ts";
import { type Flow, type FlowName, recordFlow, recordUse, type WindowUse } from "../results/recording/flows.ts";
import { memoryLine, memorySeries, usedServerFlag } from "../results/recording/memory.ts";
import { trafficMeasures } from "../results/recording/traffic-measures.ts";
import { compareWithReference } from "../results/summary/comparison.ts";
import { summarise } from "../results/summary/summary.ts";

/** `generator-bound`: valid, but the load generator was the limit. */
export type MadeUpVerdict = "valid" | "generator-bound" | "invalid";

/** What a made-up target is like; delays in microseconds. */
export interface MadeUpTarget {
  readonly target: string;
  readonly protocol?: string;
  readonly roundTripUs: number;
  readonly ratePerSecond: number;
  readonly overheadBytes: number;
  readonly cpuUs?: number;
  /** Of one idle connection. */
  readonly memoryBytes?: number;
  /** How far trials lie apart, as a share. */
  readonly spread?: number;
  readonly pollIntervalMs?: number;
  readonly verdict?: Partial<Record<string, MadeUpVerdict>>;
  readonly foreign?: boolean;
}

type Described = Omit<TargetInfo, "position" | "label" | "system" | "options" | "deliveryFloorMs">;

const described = (
  protocol: string,
  title: string,
  uplink: TargetInfo["uplink"],
  downlink: TargetInfo["downlink"],
  specification: string,
): Described => ({
  protocol,
  title,
  summary: title,
  specification,
  uplink,
  downlink,
  framing: "text",
  floor: protocol === "tcp",
});

const protocols: readonly Described[] = [
  described("tcp", "TCP", "stream", "stream", "RFC 9293"),
  described("websocket", "WebSocket", "stream", "stream", "RFC 6455"),
  described("sse", "SSE", "request", "stream", "WHATWG HTML"),
  described("short-polling", "Short polling", "request", "polled", "RFC 9110"),
  described("long-polling", "Long polling", "request", "held-request", "RFC 6202"),
  described("xmpp", "XMPP", "stream", "stream", "RFC 6120"),
];

const pollIntervalMs = 100;

function targetInfo(label: string, protocol: string): TargetInfo {
  const position = protocols.findIndex((known) => known.protocol === protocol);
  const [, url] = label.split("=");
  const info = { ...protocols[position]!, label, position };
  const title = url === undefined ? info.title : label;
  const system = url === undefined ? ({ kind: "embedded" } as const) : ({ kind: "external", url } as const);
  return info.downlink === "polled"
    ? { ...info, title: `${title} every ${pollIntervalMs} ms`, options: {}, system, deliveryFloorMs: pollIntervalMs }
    : { ...info, title, options: {}, system, deliveryFloorMs: 0 };
}

const experiment = (name: string, title: string, group: string, question: string): ExperimentInfo => ({
  name,
  title,
  group,
  question,
});

const experiments: readonly ExperimentInfo[] = [
  experiment("echo", "Echo", "latency", "How long does a message take there and back?"),
  experiment("throughput", "Throughput", "throughput", "How many round trips a second?"),
  experiment("duplex", "Duplex", "latency", "Does one direction slow the other down?"),
  experiment("idle", "Idle", "cost", "What does an idle connection cost?"),
  experiment("capacity", "Capacity", "capacity", "How much before the delay breaks?"),
];

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
    pollIntervalMs,
  },
  { target: "long-polling", roundTripUs: 900, ratePerSecond: 6000, overheadBytes: 800, cpuUs: 90 },
  { target: "xmpp", roundTripUs: 600, ratePerSecond: 12_000, overheadBytes: 260, cpuUs: 50 },
];

/** Of delays in microseconds. */
export function histogramOf(delaysUs: Iterable<number>): string {
  const histogram = build({ bitBucketSize: 32, numberOfSignificantValueDigits: 3 });
  for (const us of delaysUs) histogram.recordValue(Math.round(us * 1000));
  return encodeIntoCompressedBase64(histogram);
}

/** A histogram of `count` delays: half of them at the median, the others up to ten times that. */
export const madeUpHistogram = (medianUs: number, count = 1000): string =>
  histogramOf(
    Array.from({ length: count }, (_, index) => {
      const share = (index + 1) / count;
      return medianUs * (share <= 0.5 ? 1 : 1 + 9 * (2 * share - 1) ** 4);
    }),
  );

export const emptyLedger: Flow["ledger"] = {
  sentMessages: 1000,
  receivedMessages: 1000,
  lostMessages: 0,
  duplicatedMessages: 0,
  reorderedMessages: 0,
  censoredMessages: 0,
  corruptedMessages: 0,
};

const openLoad = { kind: "open", ratePerSecond: 2000 } as const;
const closedLoad = { kind: "closed", inFlight: 16 } as const;

const idleSteps = [50, 100, 150, 200];

export const madeUpParameters = (scenario: string): Parameters => ({
  connections: scenario === "idle" ? idleSteps.at(-1)! : 16,
  workers: 1,
  payloadBytes: 256,
  payloadKind: "text",
  ...(scenario !== "idle" && { load: scenario === "throughput" ? closedLoad : openLoad }),
  warmupMs: 250,
  rampUpMs: 100,
  durationMs: 500,
  drainMs: 2000,
  settings: {},
});

export const madeUpFlow = (name: FlowName, us: number, open: boolean, achievedRatePerSecond = 2000): Flow => ({
  name,
  achievedRatePerSecond,
  histograms: {
    service: madeUpHistogram(us),
    ...(open && { dispatch: madeUpHistogram(1), scheduled: madeUpHistogram(us * 1.02) }),
  },
  ledger: emptyLedger,
});

/** A window of half a second. */
export function windowOf(name: string, flows: readonly Flow[], use: Partial<WindowUse> = {}): Window {
  const recorded = flows.map(recordFlow);
  const everything: object[] = [...recorded.map(({ measures }) => measures), recordUse(use as WindowUse)];
  return {
    name,
    startMs: 0,
    durationMs: 500,
    measures: Object.assign({}, ...everything),
    histograms: Object.assign({}, ...recorded.map(({ histograms }) => histograms)),
  };
}

/** A trial with nothing in it but what is given. */
export const trialWith = (recorded: Partial<Trial>): Trial => ({
  trial: 1,
  state: "complete",
  startedAt: "2026-01-02T03:04:05.000Z",
  durationMs: 1000,
  windows: [],
  measures: {},
  histograms: {},
  events: [],
  series: [],
  flags: [],
  ...recorded,
});

function madeUpUse({ cpuUs = 10, overheadBytes, foreign = false }: MadeUpTarget, factor: number): WindowUse {
  const wireSentBytes = 1000 * (256 + Math.floor(overheadBytes / 2));
  return {
    ...(!foreign && {
      serverCpuUs: cpuUs * factor * 1000,
      serverMessages: 1000,
      serverRssBytes: 100_000_000,
      serverEventLoopUtilization: cpuUs / 1000,
    }),
    generatorCpuUs: cpuUs * 1.3 * factor * 1000,
    generatorMessages: 1000,
    generatorEventLoopUtilization: (cpuUs * 1.3) / 1000,
    generatorEventLoopDelayMaxUs: 1000,
    cpuWaitShare: 0,
    wireSentBytes,
    wireReceivedBytes: 1000 * (512 + overheadBytes) - wireSentBytes,
    wireMessages: 1000,
  };
}

function madeUpWindows(scenario: string, made: MadeUpTarget, factor: number): Window[] {
  const us = made.roundTripUs * factor;
  const use = madeUpUse(made, factor);
  const flow = (name: FlowName, share: number): Flow => madeUpFlow(name, us * share, true);
  switch (scenario) {
    case "echo":
      return [windowOf("echo", [flow("roundTrip", 1)], use)];
    case "throughput":
      return [windowOf("throughput", [madeUpFlow("roundTrip", us * 4, false, made.ratePerSecond / factor)], use)];
    default:
      return [
        windowOf("uplink alone", [flow("uplink", 0.5)], use),
        windowOf("downlink alone", [flow("downlink", 0.5)], use),
        windowOf("together", [flow("uplink", 0.6), flow("downlink", 0.7)], use),
      ];
  }
}

/** A server that needs 30 MB and then so much for each connection, and does nothing unless it is polled. */
function madeUpIdle(made: MadeUpTarget, factor: number): Pick<Trial, "measures" | "series" | "flags"> {
  const { memoryBytes = 5000, pollIntervalMs: interval, foreign = false } = made;
  const connections = idleSteps.at(-1)!;
  const polls = interval === undefined ? 0 : (connections * 1000) / interval;
  const points = idleSteps.map((x) => ({ x, y: Math.round(30e6 + x * memoryBytes * factor) }));
  const series = [memorySeries(points)];
  const measures: Measures = {
    memoryBytesPerConnection: memoryLine({ series })!.slope,
    idleCpuUsPerConnectionSecond: (50 + polls * 60 * factor) / connections,
    idleWireBytesPerConnectionSecond: (polls * 270) / connections,
  };
  return { series, measures, flags: foreign ? [usedServerFlag] : [] };
}

/** Trials whose numbers lie at, above and below those chosen, in turn; of each protocol in another order. */
export function madeUpTrials(scenario: string, made: MadeUpTarget, trials: number): Trial[] {
  const { spread = 0.04 } = made;
  const first = protocols.findIndex(({ protocol }) => protocol === (made.protocol ?? made.target));
  return Array.from({ length: trials }, (_, index) => {
    const factor = 1 + spread * [0, 1, -1][(index + first) % 3]!;
    const trial = { trial: index + 1 };
    if (scenario === "idle") return trialWith({ ...trial, ...madeUpIdle(made, factor) });
    const connect = madeUpHistogram(made.roundTripUs > 10_000 ? 900 : made.roundTripUs * 3, 16);
    const recorded = {
      histograms: { ...(scenario !== "duplex" && { connect }) },
      windows: madeUpWindows(scenario, made, factor),
    };
    return trialWith({ ...trial, ...recorded, measures: trafficMeasures(recorded, madeUpParameters(scenario)) });
  });
}

const madeUpFlags: Record<MadeUpVerdict, Flag[]> = {
  valid: [],
  "generator-bound": [
    { code: "users-saturated", severity: "warning", cause: "wirebench", message: "the load generator was full" },
  ],
  invalid: [{ code: "lost-messages", severity: "fatal", cause: "target", message: "7 of 1000 messages were lost" }],
};

export function madeUpCell(scenario: string, made: MadeUpTarget, trials = 3): Cell {
  return cellOf(scenario, made, madeUpTrials(scenario, made, trials));
}

/** A measured cell of any trials. */
export function cellOf(scenario: string, made: MadeUpTarget, trials: Trial[]): Cell {
  const verdict = made.verdict?.[scenario] ?? "valid";
  return {
    target: made.target,
    protocol: made.protocol ?? made.target,
    scenario,
    parameters: madeUpParameters(scenario),
    state: "measured",
    validity: { verdict: verdict === "invalid" ? "invalid" : "valid", flags: madeUpFlags[verdict] },
    trials,
    ...summarise(trials, { flags: madeUpFlags[verdict] }),
    predictions: [],
  };
}

export function madeUpResults(
  targets: readonly MadeUpTarget[] = sixTargets,
  { trials = 3, scenarios = ["echo", "throughput", "duplex"] }: { trials?: number; scenarios?: readonly string[] } = {},
): Results {
  return resultsOf(scenarios.flatMap((scenario) => targets.map((made) => madeUpCell(scenario, made, trials))));
}

/** Around any cells, compared with the target of the first. */
export function resultsOf(cells: readonly Cell[]): Results {
  const targets = new Map(cells.map(({ target, protocol }) => [target, protocol]));
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
    experiments: experiments.filter(({ name }) => cells.some(({ scenario }) => scenario === name)),
    targets: [...targets].map(([label, protocol]) => targetInfo(label, protocol)),
    cells: [...cells],
    comparisons: cells.length > 0 ? compareWithReference(cells, cells[0]!.target) : [],
    claims: [],
  };
}
