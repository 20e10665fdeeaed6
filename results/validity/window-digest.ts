/** What validity asks of a window, with every histogram decoded once. */
import type { Window } from "../contract/results.ts";
import { type Flow, flowsOf, useOf, type WindowUse } from "../recording/flows.ts";
import { decodeHistogram, restOf } from "../statistics/histogram.ts";

export interface FlowDigest extends Flow {
  /** Messages received in the window, whenever they were sent. */
  readonly received: number;
  /** Messages due in it; absent in a closed loop. */
  readonly offered: number | undefined;
  readonly dispatchP50Ns: number | undefined;
  readonly timed: number;
  readonly serviceP50Ns: number | undefined;
  readonly serviceMeanNs: number | undefined;
  /** Median of the messages of the second half over that of the first; absent where a half has too few. */
  readonly drift: number | undefined;
  /** By how much the median of the second half's messages is above that of the first's, in milliseconds. */
  readonly growthMs: number | undefined;
}

export interface WindowDigest {
  readonly name: string;
  readonly durationMs: number;
  readonly flows: readonly FlowDigest[];
  readonly use: Partial<WindowUse>;
}

/** Fewer messages in a half have no median worth comparing. */
const halfSamplesMin = 50;

export const digestOf = (window: Window): WindowDigest => ({
  name: window.name,
  durationMs: window.durationMs,
  flows: flowsOf(window).map((flow) => digestFlow(flow, window.durationMs)),
  use: useOf(window),
});

function digestFlow(flow: Flow, durationMs: number): FlowDigest {
  const { dispatch, service, earlyService } = flow.histograms;
  const dispatched = dispatch === undefined ? undefined : decodeHistogram(dispatch);
  const served = service === undefined ? undefined : decodeHistogram(service);
  return {
    ...flow,
    received: ((flow.arrivalRatePerSecond ?? flow.achievedRatePerSecond) * durationMs) / 1000,
    offered: dispatched?.totalCount,
    dispatchP50Ns: dispatched?.getValueAtPercentile(50),
    timed: served?.totalCount ?? 0,
    serviceP50Ns: served?.getValueAtPercentile(50),
    serviceMeanNs: served?.mean,
    ...driftOf(service, earlyService),
  };
}

function driftOf(
  service: string | undefined,
  earlyService: string | undefined,
): Pick<FlowDigest, "drift" | "growthMs"> {
  const unknown = { drift: undefined, growthMs: undefined };
  if (service === undefined || earlyService === undefined) return unknown;
  const early = decodeHistogram(earlyService);
  const late = restOf(service, early);
  if (late.totalCount < halfSamplesMin || early.totalCount < halfSamplesMin) return unknown;
  const [lateNs, earlyNs] = [late.getValueAtPercentile(50), early.getValueAtPercentile(50)];
  return { drift: lateNs / earlyNs, growthMs: (lateNs - earlyNs) / 1e6 };
}

export const countWindows = (windows: readonly WindowDigest[], matches: (flow: FlowDigest) => boolean): number =>
  windows.filter(({ flows }) => flows.some(matches)).length;

/** Only what marks most windows marks the cell: one hiccup of the machine is not the target's nor the generator's. */
export const isMost = (count: number, windows: readonly WindowDigest[]): boolean => count * 2 > windows.length;
