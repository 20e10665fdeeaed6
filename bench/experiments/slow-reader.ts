import type { BroadcastLog } from "../../load/behaviours/broadcast.ts";
import type { WindowPlan } from "../../load/flows/window.ts";
import { nowNs } from "../../protocol/clock.ts";
import { defaultLimits, type Limits } from "../../protocol/contract.ts";
import { compresses } from "../../protocol/options/deflate.ts";
import { pollInterval } from "../../protocol/options/poll-interval.ts";
import type { Series, Window } from "../../results/contract/results.ts";
import { delayMeasures, recordedDelay } from "../../results/recording/delays.ts";
import { flowNamed } from "../../results/recording/flows.ts";
import { ServerRig } from "../rigs/server-rig.ts";
import { type Target, withOption } from "../targets/target.ts";
import { type ExchangeCell, embeddedWithout, exchangeCell } from "./comparison/exchange-cell.ts";
import { delaysNamed } from "./comparison/measured.ts";
import { whyNoPush } from "./comparison/one-way.ts";
import { trafficParameters } from "./comparison/traffic-cell.ts";
import { type CellPlan, type Experiment, exactly, type Outcome } from "./contract/experiment.ts";
import type { RunRequest } from "./contract/request.ts";

export interface SlowReaderCell extends ExchangeCell {
  /** What is started, where it differs from the target by its poll interval. */
  readonly served: Target;
  readonly serverLimits: Limits;
}

const mebibyte = 1024 * 1024;
/** Those who read. One more does until it stops. */
const others = 2;
const payloadBytes = 16 * 1024;
const ratePerSecond = 256;
/** What the server may keep for one of them: a second of what it is sent, so that nobody is given up for a pause. */
const queueBytesMax = 4 * mebibyte;
/** So that enough messages fall into it for a p99. */
const allReadMs = 1200;
/** Long enough to fill that, and what the kernel holds for two sockets: by default 4 MiB and 6 MiB. */
const oneStoppedMs = 4000;
/** Into that window. */
const stopsAfterMs = 200;
/** A client that polls by a clock leaves so little in its mailbox that others are not given up with it. */
const polledEvery = "50ms";
const trialsMax = 3;
/** Of a warm-up, which is of several slices. */
const warmupShare = 1 / 3;
const lookEveryMs = 100;
const garbageWaitMs = 10_000;
/** For a reader that reads again to find out what has become of it. */
const hearsWithinMs = 3000;

const sentBytes = (ratePerSecond * payloadBytes * (oneStoppedMs - stopsAfterMs)) / 1000;

const nobodyElse: CellPlan["expectations"][number] = {
  statement: "those who read miss nothing while one does not",
  formula: "published × those who read - deliveries = 0",
  metric: "missingDeliveries",
  expected: exactly(0),
};

const expectedOfOne: CellPlan["expectations"] = [
  {
    statement: "the server gives up the one that does not read, and nobody else",
    formula: `${(sentBytes / mebibyte).toFixed(1)} MiB sent to it > ${queueBytesMax / mebibyte} MiB that may wait in the server + what two sockets hold (4 + 6 MiB by default)`,
    metric: "slowConsumers",
    expected: exactly(1),
  },
  {
    statement: "what waits in the server for one reader comes up to its bound, and not beyond it",
    formula: `from ${queueBytesMax / mebibyte} MiB less a message of ${payloadBytes / 1024} KiB, to ${queueBytesMax / mebibyte} MiB and what frames it, less than a message`,
    metric: "readerQueueMaxBytes",
    expected: { low: queueBytesMax - payloadBytes, high: queueBytesMax + payloadBytes },
  },
];

function cells(request: RunRequest): SlowReaderCell[] {
  const { targets, traffic } = request;
  return targets.map((target): SlowReaderCell => {
    const polled = withOption(target, pollInterval.name, polledEvery);
    const served = polled ?? target;
    const { link: _, ...near } = traffic;
    const shape = { connections: others + 1, workers: 1, turns: 1, payloadBytes, payloadKind: "text" } as const;
    const asked = { ...request, traffic: { ...near, ...shape, durationMs: oneStoppedMs } };
    const cell = exchangeCell(served, asked, {
      exchange: "fan-out",
      variant: `one of ${others + 1} stops reading${polled ? `, polled ${pollInterval.title(polledEvery)}` : ""}`,
      application: { name: "broadcast", toOthers: true, watchesQueues: true },
      load: { kind: "open", ratePerSecond },
      // How much is left of what is compressed, and so when buffers are full, no arithmetic tells.
      expectations: compresses(served.options) ? [nobodyElse] : [nobodyElse, ...expectedOfOne],
    });
    return {
      ...cell,
      target,
      served,
      trialsMax,
      serverLimits: { ...defaultLimits, queueBytesMax },
      parameters: { ...cell.parameters, settings: { queueBytesMax, ...(polled && { pollInterval: polledEvery }) } },
    };
  });
}

interface Watched {
  readonly window: Window;
  readonly log: BroadcastLog | undefined;
  readonly growthBytes: number | undefined;
  readonly memory: Pick<Series, "xs" | "values">;
}

/** One window, with what the server did in it and how much memory it had. */
async function watched(rig: ServerRig, plan: WindowPlan, times: Parameters<ServerRig["window"]>[1]): Promise<Watched> {
  const { server, watch } = rig.system;
  let log: BroadcastLog | undefined;
  rig.onServerWindow = ({ broadcast }) => {
    log = broadcast;
  };
  await rig.unlessFailed(server!.call("collectGarbage", undefined, garbageWaitMs));
  const memory = { xs: [] as number[], values: [] as number[] };
  const look = (): void => {
    const bytes = watch.memoryBytes();
    if (bytes === undefined) return;
    memory.xs.push(rig.atMs(nowNs()));
    memory.values.push(bytes);
  };
  look();
  const looking = setInterval(look, lookEveryMs);
  try {
    const window = await rig.window(plan, times);
    look();
    const growthBytes = memory.values.length > 1 ? Math.max(...memory.values) - memory.values[0]! : undefined;
    return { window, log, growthBytes, memory };
  } finally {
    clearInterval(looking);
  }
}

async function* measure(rig: ServerRig, cell: SlowReaderCell): AsyncGenerator<Window, Outcome> {
  const { load, warmupMs, rampUpMs, durationMs, drainMs } = trafficParameters(cell);
  const flows = { fanOut: load };
  await rig.connect(1);
  await rig.connect(others);
  const reader = await rig.userAside("reader", cell.exchange);
  if (warmupMs > 0) await rig.warmUp({ name: "warm-up", flows }, warmupMs * warmupShare, drainMs);
  rig.startClock();
  const before = await watched(rig, { name: "all read", flows }, { rampUpMs, durationMs: allReadMs, drainMs });
  yield before.window;
  let stoppedNs = 0;
  const stop = async (): Promise<void> => {
    await rig.wait(rampUpMs + stopsAfterMs);
    reader.freeze();
    stoppedNs = nowNs();
    rig.mark("fault", "one reader", "stopped reading (SIGSTOP)", stoppedNs);
  };
  const [after] = await Promise.all([
    watched(rig, { name: "one stopped", flows }, { rampUpMs, durationMs, drainMs }),
    stop().catch(() => {}),
  ]);
  yield after.window;
  if (rig.failure !== undefined) throw new Error(rig.failure);
  const { publications, givenUpNs, queueMaxBytes } = after.log!;
  const [gaveUpNs] = givenUpNs;
  if (gaveUpNs !== undefined) rig.mark("observation", "server", "gave it up", gaveUpNs);
  reader.thaw();
  const nothing = `has heard of no end ${hearsWithinMs / 1000} s after it reads again`;
  const heard = await Promise.race([reader.ended, rig.wait(hearsWithinMs).then(() => undefined)]);
  rig.mark("observation", "one reader", heard ?? nothing);
  const { ledger } = flowNamed(after.window, "fanOut")!;
  const trial = { windows: [before.window, after.window], histograms: {} };
  const sentToIt = publications.filter(({ startNs, endNs }) => startNs > stoppedNs && endNs <= gaveUpNs!).length;
  const delays = {
    ...delayMeasures("others", recordedDelay(trial, "others")),
    ...delayMeasures("othersBefore", recordedDelay(trial, "othersBefore")),
  };
  return {
    measures: {
      ...delays,
      // What is no number is not kept.
      othersOverBeforeP99Ratio: (delays.othersP99Us ?? Number.NaN) / (delays.othersBeforeP99Us ?? Number.NaN),
      missingDeliveries: ledger.lostMessages + ledger.censoredMessages,
      duplicatedDeliveries: ledger.duplicatedMessages,
      slowConsumers: givenUpNs.length,
      ...(gaveUpNs !== undefined && {
        givenUpMs: (gaveUpNs - stoppedNs) / 1e6,
        givenUpAfterBytes: sentToIt * payloadBytes,
      }),
      readerQueueMaxBytes: queueMaxBytes,
      ...(after.growthBytes !== undefined && { memoryGrowthBytes: after.growthBytes }),
      ...(before.growthBytes !== undefined && { memoryGrowthBeforeBytes: before.growthBytes }),
    },
    series: [
      {
        name: "serverMemoryBytes",
        title: "Memory of the server in bytes",
        x: "timeMs",
        xs: [...before.memory.xs, ...after.memory.xs],
        values: [...before.memory.values, ...after.memory.values],
      },
    ],
  };
}

/** One of several readers of one server stops reading. */
export const slowReader: Experiment<SlowReaderCell, ServerRig> = {
  name: "slow-reader",
  aliases: ["slow-consumer"],
  group: "failure",
  title: "A reader that does not read",
  question:
    "A server keeps publishing to several readers, and one of them stops reading: how much does the server keep for it, when is it given up, and what do the others notice?",
  lesson:
    "Sending never waits for the one who reads. What is not taken fills the kernel's buffers of both ends first, some megabytes that nobody sees, and then the memory of the server, without an end unless there is a bound. Polling has no such buffers: what is not fetched waits in the server from the first byte. With a bound the reader is given up, and the others notice nothing. What it hears of that is another matter: a word of farewell (close code 1013, a stream error) queues behind all it has not read, so a stream mostly just breaks off; one who polls is told at the next poll.",
  presets: ["full"],
  follows: ["client", "warmupMs", "rampUpMs", "drainMs"],
  metrics: [
    "slowConsumers",
    "givenUpMs",
    "givenUpAfterBytes",
    "readerQueueMaxBytes",
    "memoryGrowthBytes",
    "memoryGrowthBeforeBytes",
    ...delaysNamed("others", "othersBefore"),
    "othersOverBeforeP99Ratio",
    "missingDeliveries",
    "duplicatedDeliveries",
  ],
  isolation: "exclusive",
  cells,
  unfit: ({ target }) =>
    target.system.kind === "embedded"
      ? whyNoPush(target)
      : "only the server this project brings tells when it gives a reader up and what it keeps for one",
  open: ({ served, ...cell }, context) => ServerRig.open({ ...cell, target: served }, context),
  measure,
  trafficMs(cell) {
    const { rampUpMs, durationMs } = trafficParameters(cell);
    return 2 * rampUpMs + allReadMs + durationMs;
  },
  /** A server without a bound. */
  sabotage(request) {
    const [cell] = cells({ ...request, targets: [embeddedWithout("room")] });
    const serverLimits = { ...defaultLimits, queueBytesMax: 1024 * mebibyte };
    const parameters = { ...cell!.parameters, warmupMs: 0 };
    return { cell: { ...cell!, serverLimits, parameters }, fails: "slowConsumers" };
  },
};
