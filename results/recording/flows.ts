/** How traffic in a window is recorded by name, and read again: one module, so that the names agree. */
import type { Window } from "../contract/results.ts";

export const flowNames = ["roundTrip", "uplink", "downlink", "fanOut"] as const;
export type FlowName = (typeof flowNames)[number];

export const ledgerCounts = [
  "sentMessages",
  "receivedMessages",
  "lostMessages",
  "duplicatedMessages",
  "reorderedMessages",
  "censoredMessages",
  "corruptedMessages",
] as const;
export type LedgerCount = (typeof ledgerCounts)[number];

/** `awaited` and `unawaited`: parts of `service`, of messages that found a request of their receiver waiting or did not. */
export const flowDelays = ["dispatch", "service", "scheduled", "earlyService", "awaited", "unawaited"] as const;
export type FlowDelay = (typeof flowDelays)[number];

/** Of what receivers have (`load/recording/age.ts`): areas in seconds squared, and the seconds they are taken over. */
const ageNames = { watchedS: "ageWatchedS", areaS2: "ageAreaS2", sourceAreaS2: "sourceAgeAreaS2" } as const;
type Age = Readonly<Record<keyof typeof ageNames, number>>;
const ageParts = Object.keys(ageNames) as (keyof Age)[];

/** One direction of traffic in one window, over all load generators. */
export interface Flow {
  readonly name: FlowName;
  /**
   * Messages the window carried, per second: in an open loop those scheduled in it that came, in a closed loop each by the
   * share of its way that lies in the window.
   */
  readonly achievedRatePerSecond: number;
  /** Received between its start and end, whenever sent, per second; below the schedule, a backlog grows. */
  readonly arrivalRatePerSecond?: number | undefined;
  /** Sent with their schedule in its measured part; what of them never came is infinitely late. */
  readonly timedMessages?: number | undefined;
  readonly ledger: Readonly<Record<LedgerCount, number>>;
  /** Only of a one-way flow. */
  readonly age?: Age | undefined;
  /** Encoded; absent where a load has no such delay: a closed loop follows no schedule. */
  readonly histograms: Readonly<Partial<Record<FlowDelay, string>>>;
}

/** `roundTripSentMessages`. */
const flowMeasure = (flow: FlowName, quantity: string): string =>
  `${flow}${quantity[0]!.toUpperCase()}${quantity.slice(1)}`;

export function recordFlow({
  name,
  achievedRatePerSecond,
  arrivalRatePerSecond,
  timedMessages,
  ledger,
  age,
  histograms,
}: Flow): Pick<Window, "measures" | "histograms"> {
  return {
    measures: {
      [flowMeasure(name, "achievedRatePerSecond")]: achievedRatePerSecond,
      ...(arrivalRatePerSecond !== undefined && { [flowMeasure(name, "arrivalRatePerSecond")]: arrivalRatePerSecond }),
      ...(timedMessages !== undefined && { [flowMeasure(name, "timedMessages")]: timedMessages }),
      ...Object.fromEntries(ledgerCounts.map((count) => [flowMeasure(name, count), ledger[count]])),
      ...(age && Object.fromEntries(ageParts.map((part) => [flowMeasure(name, ageNames[part]), age[part]]))),
    },
    histograms: Object.fromEntries(
      flowDelays.flatMap((delay) => {
        const encoded = histograms[delay];
        return encoded === undefined ? [] : [[flowMeasure(name, delay), encoded]];
      }),
    ),
  };
}

/** The flows of a window; none where it recorded something else. */
export const flowsOf = (window: Window): Flow[] => flowNames.flatMap((name) => flowNamed(window, name) ?? []);

/** Undefined where the flow had no part in the window. */
export function flowNamed({ measures, histograms }: Window, name: FlowName): Flow | undefined {
  const achievedRatePerSecond = measures[flowMeasure(name, "achievedRatePerSecond")];
  if (achievedRatePerSecond === undefined) return undefined;
  const arrivalRatePerSecond = measures[flowMeasure(name, "arrivalRatePerSecond")];
  const timedMessages = measures[flowMeasure(name, "timedMessages")];
  const ledger = ledgerCounts.map((count) => [count, measures[flowMeasure(name, count)] ?? 0]);
  const recorded = flowDelays.flatMap((delay) => {
    const encoded = histograms[flowMeasure(name, delay)];
    return encoded === undefined ? [] : [[delay, encoded]];
  });
  return {
    name,
    achievedRatePerSecond,
    ...(arrivalRatePerSecond !== undefined && { arrivalRatePerSecond }),
    ...(timedMessages !== undefined && { timedMessages }),
    ledger: Object.fromEntries(ledger) as Flow["ledger"],
    ...(measures[flowMeasure(name, ageNames.watchedS)] !== undefined && {
      age: Object.fromEntries(ageParts.map((part) => [part, measures[flowMeasure(name, ageNames[part])] ?? 0])) as Age,
    }),
    histograms: Object.fromEntries(recorded) as Flow["histograms"],
  };
}

/** What the processes of a window used, and the bytes on the clients' connections from quiet to quiet. */
export interface WindowUse {
  /** Of all processes of the server. */
  readonly serverCpuUs?: number | undefined;
  /** One timer interrupt in nanoseconds, or a tick of 10 ms: how fine the server's CPU time is. */
  readonly serverCpuResolutionUs?: number | undefined;
  readonly serverMessages?: number | undefined;
  /** Of the thread that used most. */
  readonly serverBusiestThreadCpuUs?: number | undefined;
  /** Threads that share its work; absent where nobody knows. */
  readonly serverThreads?: number | undefined;
  /** Cores of the machine that it could use at the same time. */
  readonly serverCores?: number | undefined;
  readonly serverRssBytes?: number | undefined;
  /** Only of a server whose event loop tells. */
  readonly serverEventLoopUtilization?: number | undefined;
  /** Of all load generators. */
  readonly generatorCpuUs: number;
  readonly generatorMessages: number;
  /** Messages that one write of a load generator carried: of those read together, a server handles each for less. */
  readonly generatorMessagesPerWrite?: number | undefined;
  /** Least time between two turns of a load generator's pacer; only of an open loop. */
  readonly pacingPeriodUs?: number | undefined;
  /** Of the busiest one. */
  readonly generatorEventLoopUtilization: number;
  /** Share of the time from the first recipient to the last in which the process that all are had work; only of a fan-out. */
  readonly generatorBusyBetweenRecipients?: number | undefined;
  /** Longest time in which one of them could not have handled an event. */
  readonly generatorEventLoopDelayMaxUs: number;
  /** Most processor time that one process asked for and did not get, as a share of the window. */
  readonly cpuWaitShare: number;
  readonly wireSentBytes: number;
  readonly wireReceivedBytes: number;
  readonly wireMessages: number;
  /** TCP connections that the load generators opened. */
  readonly wireConnections?: number | undefined;
}

/** What becomes of it when the slices of a window are put together; `mean` is weighted by their length. */
export const useOverSlices = {
  serverCpuUs: "sum",
  serverCpuResolutionUs: "max",
  serverMessages: "sum",
  serverBusiestThreadCpuUs: "sum",
  serverThreads: "max",
  serverCores: "max",
  serverRssBytes: "max",
  serverEventLoopUtilization: "mean",
  generatorCpuUs: "sum",
  generatorMessages: "sum",
  generatorMessagesPerWrite: "mean",
  pacingPeriodUs: "max",
  generatorEventLoopUtilization: "mean",
  generatorBusyBetweenRecipients: "mean",
  generatorEventLoopDelayMaxUs: "max",
  cpuWaitShare: "mean",
  wireSentBytes: "sum",
  wireReceivedBytes: "sum",
  wireMessages: "sum",
  wireConnections: "sum",
} as const satisfies Record<keyof WindowUse, "sum" | "max" | "mean">;

const useNames = Object.keys(useOverSlices) as (keyof WindowUse)[];

export const recordUse = (use: WindowUse): Record<string, number> =>
  Object.fromEntries(
    useNames.flatMap((name) => {
      const value = use[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );

/** Whatever of it was recorded. */
export const useOf = ({ measures }: Window): Partial<WindowUse> =>
  Object.fromEntries(useNames.flatMap((name) => (measures[name] === undefined ? [] : [[name, measures[name]]])));
