/** One window as its processes saw it, each from its end, made into one record. */
import { availableParallelism } from "node:os";
import type { BroadcastLog } from "../../load/behaviours/broadcast.ts";
import type { FlowRecords } from "../../load/behaviours/measured-behaviour.ts";
import { censoredIn, type FlowRecord, mergeFlows } from "../../load/flows/flow.ts";
import type { FlowName } from "../../load/flows/traffic.ts";
import type { WindowOrder } from "../../load/flows/window.ts";
import type { ProcessUse } from "../../load/metering/usage.ts";
import { LatencyHistogram } from "../../load/recording/latency.ts";
import type { GeneratorWindow } from "../../load/users/users.ts";
import type { Window } from "../../results/contract/results.ts";
import { type Flow, recordFlow, recordUse, type WindowUse } from "../../results/recording/flows.ts";
import type { CpuUse } from "./proc/cpu-meter.ts";
import type { ServerWindow } from "./processes/server.ts";

/** What /proc says of a server. */
export interface SeenUse extends CpuUse {
  readonly rssBytes: number | undefined;
}

/** Ours do their work on one thread; how many others use, nobody tells. */
const ownThreads = 1;

/**
 * Adds up what the processes of a trial saw of one window. Where users reach each other, a server hands on more than it
 * is told of: what it cost is then put down to what the users counted.
 */
export function joinWindow(
  order: WindowOrder,
  durationMs: number,
  server: ServerWindow | undefined,
  seen: SeenUse | undefined,
  generators: readonly GeneratorWindow[],
  countedBy: "server" | "users" = "server",
): Pick<Window, "measures" | "histograms"> {
  const flows = (Object.keys(order.flows) as FlowName[]).map((name) => {
    const halves: (FlowRecords | undefined)[] = [server?.flows, ...generators.map((generator) => generator.flows)];
    return recordFlow(joinFlow(name, durationMs, mergeFlows(halves.flatMap((half) => half?.[name] ?? []))));
  });
  const broadcast = server?.broadcast && joinBroadcast(server.broadcast, generators[0]?.heardNs ?? []);
  return {
    measures: Object.assign(
      {},
      ...flows.map(({ measures }) => measures),
      recordUse(joinUse(durationMs, server?.use, seen, generators, countedBy)),
      broadcast?.measures,
    ),
    histograms: Object.assign(
      {},
      ...flows.map(({ histograms }) => histograms),
      ...generators.map(({ recipients }) => recipients),
      broadcast?.histograms,
    ),
  };
}

function joinFlow(name: FlowName, durationMs: number, record: FlowRecord): Flow {
  const { ledger, age, timedMessages, receivedInWindow, carriedMessages, ...histograms } = record;
  return {
    name,
    achievedRatePerSecond: (carriedMessages * 1000) / durationMs,
    arrivalRatePerSecond: (receivedInWindow * 1000) / durationMs,
    timedMessages,
    histograms,
    ledger: { ...ledger, censoredMessages: censoredIn(ledger) },
    age,
  };
}

/** What a server did to reach everybody, and how much of it was over when the first of them heard. */
function joinBroadcast(
  { publications }: BroadcastLog,
  heardNs: readonly (number | null)[],
): Pick<Window, "measures" | "histograms"> | undefined {
  // One publisher on a wire that keeps order: the n-th that was sent is the n-th that was handled, if not yet all were.
  if (publications.length === 0 || publications.length > heardNs.length) return undefined;
  const [loop, loopStretch] = [new LatencyHistogram(), new LatencyHistogram()];
  for (const { startNs, endNs, stretchMaxNs } of publications) {
    loop.record(endNs - startNs);
    loopStretch.record(stretchMaxNs);
  }
  const isWithin = (atNs: number | null, index: number): boolean => atNs !== null && atNs < publications[index]!.endNs;
  return {
    measures: {
      publications: publications.length,
      heardWithinLoop: heardNs.slice(0, publications.length).filter(isWithin).length,
      othersServed: publications.reduce((sum, { othersServed }) => sum + othersServed, 0),
    },
    histograms: { loop: loop.encode(), loopStretch: loopStretch.encode() },
  };
}

const resolutionUs = { schedstat: 0.001, stat: 10_000 } as const;

/** CPU time as seen from outside where it can be, so that all servers are measured alike; the rest only ours can tell. */
function joinUse(
  durationMs: number,
  own: ProcessUse | undefined,
  seen: SeenUse | undefined,
  generators: readonly GeneratorWindow[],
  countedBy: "server" | "users",
): WindowUse {
  const uses = generators.map(({ use }) => use);
  const sum = (pick: (window: GeneratorWindow) => number): number =>
    generators.reduce((total, window) => total + pick(window), 0);
  const echoed = sum(({ use }) => use.messages);
  // Only our own processes tell how busy their event loop was.
  const missing = (use: ProcessUse, cpuUs = use.cpuUs): number =>
    durationMs === 0 ? 0 : use.eventLoopUtilization - cpuUs / (durationMs * 1000);
  return {
    ...((own || seen) && {
      serverCpuUs: seen?.cpuUs ?? own?.cpuUs,
      serverMessages: countedBy === "users" ? echoed : (own?.messages ?? echoed),
      serverRssBytes: seen?.rssBytes ?? own?.rssBytes,
      serverBusiestThreadCpuUs: seen?.busiestThreadCpuUs,
      serverThreads: own && ownThreads,
      serverCores: own ? ownThreads : availableParallelism(),
    }),
    serverCpuResolutionUs: seen && resolutionUs[seen.source],
    serverEventLoopUtilization: own?.eventLoopUtilization,
    generatorCpuUs: sum(({ use }) => use.cpuUs),
    generatorMessages: echoed,
    generatorEventLoopUtilization: Math.max(...uses.map((use) => use.eventLoopUtilization)),
    generatorMessagesPerWrite: perWrite(generators),
    pacingPeriodUs: generators[0]?.pacingPeriodUs,
    generatorBusyBetweenRecipients: generators[0]?.busyBetweenRecipients,
    generatorEventLoopDelayMaxUs: Math.max(...uses.map((use) => use.eventLoopDelayMaxUs ?? 0)),
    cpuWaitShare: Math.max(0, ...uses.map((use) => missing(use)), own === undefined ? 0 : missing(own, seen?.cpuUs)),
    wireSentBytes: sum(({ wireBytes }) => wireBytes.sent),
    wireReceivedBytes: sum(({ wireBytes }) => wireBytes.received),
    wireMessages: sum(({ wireBytes }) => wireBytes.messages),
    wireConnections: sum(({ wireConnections }) => wireConnections),
  };
}

/** Undefined where the load generators sent nothing. */
function perWrite(generators: readonly GeneratorWindow[]): number | undefined {
  const sum = (name: "messages" | "writes"): number =>
    generators.reduce((total, { carried }) => total + carried[name], 0);
  return sum("writes") === 0 ? undefined : sum("messages") / sum("writes");
}
