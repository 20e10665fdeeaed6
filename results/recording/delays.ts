/** The delays of a trial: where each is recorded, and its percentiles over everything that was sent. */
import type { Histogram } from "hdr-histogram-js";
import type { Trial } from "../contract/results.ts";
import { type DelayMetricName, delayStatistics } from "../metrics/metric.ts";
import { carriesPercentile, decodeHistogram, sumHistograms } from "../statistics/histogram.ts";
import { type Flow, type FlowDelay, type FlowName, flowNamed, flowsOf } from "./flows.ts";

/** What came, timed, in nanoseconds, and how many of what was sent never did: those are infinitely late. */
export interface RecordedDelay {
  readonly histogram: Histogram;
  readonly neverCame: number;
}

export const sampleCount = ({ histogram, neverCame }: RecordedDelay): number => histogram.totalCount + neverCame;

/** In microseconds, infinite where too much never came; percentile 100 is the maximum. Undefined for no sample. */
export function percentileUs(delay: RecordedDelay, percentile: number): number | undefined {
  const { histogram, neverCame } = delay;
  const samples = sampleCount(delay);
  if (samples === 0) return undefined;
  if (percentile === 100) return neverCame > 0 ? Number.POSITIVE_INFINITY : histogram.maxValue / 1000;
  const rank = Math.max(1, Math.floor((percentile / 100) * samples + 0.5));
  if (rank > histogram.totalCount) return Number.POSITIVE_INFINITY;
  return histogram.getValueAtPercentile((rank / histogram.totalCount) * 100) / 1000;
}

/** Whether there are samples enough for the percentile; the maximum is that of any. */
export const carries = (delay: RecordedDelay, percentile: number): boolean =>
  percentile === 100 ? sampleCount(delay) > 0 : carriesPercentile(sampleCount(delay), percentile);

/** Of several trials together. */
export const pooledDelay = (delays: readonly RecordedDelay[]): RecordedDelay | undefined => {
  const histogram = sumHistograms(delays.map((delay) => delay.histogram));
  return histogram && { histogram, neverCame: delays.reduce((sum, { neverCame }) => sum + neverCame, 0) };
};

/** In microseconds; percentile 100 is the maximum. Undefined where too few samples carry it. */
export function delayUs(encoded: string | undefined, percentile: number): number | undefined {
  if (encoded === undefined) return undefined;
  const delay = { histogram: decodeHistogram(encoded), neverCame: 0 };
  return carries(delay, percentile) ? percentileUs(delay, percentile) : undefined;
}

/** Every statistic of a delay that its samples carry and that is finite, by the name of its metric: `roundTripP99Us`. */
export function delayMeasures<const Delay extends string>(
  delay: Delay,
  recorded: RecordedDelay | undefined,
): Partial<Record<DelayMetricName<Delay>, number>> {
  if (recorded === undefined) return {};
  return Object.fromEntries(
    delayStatistics.flatMap(([percentile, statistic]) => {
      const value = carries(recorded, percentile) ? percentileUs(recorded, percentile) : undefined;
      return value === undefined || !Number.isFinite(value) ? [] : [[`${delay}${statistic}Us`, value]];
    }),
  ) as Partial<Record<DelayMetricName<Delay>, number>>;
}

/** Where windows record a delay: of which flow, and in which window; absent: the last, in which everything is busy. */
interface Place {
  readonly flows: readonly FlowName[];
  readonly delay: FlowDelay;
  readonly window?: "alone" | { readonly name: string };
}

const serviceOf = (flow: FlowName, window?: Place["window"]): Place => ({
  flows: [flow],
  delay: "service",
  ...(window && { window }),
});

const dispatch: Place = { flows: ["roundTrip", "fanOut"], delay: "dispatch" };

const ofFlows: Readonly<Record<string, Place>> = {
  roundTrip: serviceOf("roundTrip"),
  scheduled: { flows: ["roundTrip"], delay: "scheduled" },
  dispatch,
  uplink: serviceOf("uplink"),
  downlink: serviceOf("downlink"),
  uplinkAlone: serviceOf("uplink", "alone"),
  downlinkAlone: serviceOf("downlink", "alone"),
  uplinkScheduled: { flows: ["uplink"], delay: "scheduled", window: "alone" },
  downlinkScheduled: { flows: ["downlink"], delay: "scheduled", window: "alone" },
  push: serviceOf("downlink", "alone"),
  parkedPoll: { flows: ["downlink"], delay: "awaited", window: "alone" },
  betweenPolls: { flows: ["downlink"], delay: "unawaited", window: "alone" },
  // What a detour is compared with, measured in turn with it.
  echo: serviceOf("roundTrip", { name: "echo" }),
  others: serviceOf("fanOut", { name: "one stopped" }),
  othersBefore: serviceOf("fanOut", { name: "all read" }),
  sameServer: serviceOf("roundTrip", { name: "same server" }),
};

/** Delays that a window records by name, counted from the schedule of one of its flows. */
const scheduledBy: Readonly<Record<string, Place>> = {
  firstRecipient: dispatch,
  medianRecipient: dispatch,
  lastRecipient: dispatch,
};

/**
 * Where a trial keeps a delay: in a flow of its windows, by name in one of them, or in the trial itself. Undefined where it
 * has none, or more than one by that name.
 */
export function recordedDelay(trial: Pick<Trial, "windows" | "histograms">, delay: string): RecordedDelay | undefined {
  const place = ofFlows[delay];
  const flow = place && flowOf(trial, place);
  if (place !== undefined && flow !== undefined) return flowDelay(flow, place.delay);
  const named = [trial, ...trial.windows].flatMap(({ histograms }) => histograms[delay] ?? []);
  return named.length === 1 ? { histogram: decodeHistogram(named[0]!), neverCame: 0 } : undefined;
}

/** How late the load generator itself was with the messages of a delay; undefined where no schedule says. */
export function dispatchOf(trial: Pick<Trial, "windows" | "histograms">, delay: string): RecordedDelay | undefined {
  const place = ofFlows[delay] ?? scheduledBy[delay];
  const flow = place && flowOf(trial, place);
  return flow && flowDelay(flow, "dispatch");
}

function flowOf({ windows }: Pick<Trial, "windows">, { flows, window: which }: Place): Flow | undefined {
  const window =
    which === undefined
      ? windows.at(-1)
      : windows.find((candidate) =>
          which === "alone"
            ? flowsOf(candidate).length === 1 && flowNamed(candidate, flows[0]!) !== undefined
            : candidate.name === which.name,
        );
  return window && flows.flatMap((name) => flowNamed(window, name) ?? [])[0];
}

/** Of a part of what was sent nobody knows how much did not come; how late the generator was is known of everything. */
const knownOfAll: ReadonlySet<FlowDelay> = new Set(["service", "scheduled"]);

/** Of what was sent on schedule, whatever did not come. */
function flowDelay({ histograms, timedMessages }: Flow, delay: FlowDelay): RecordedDelay | undefined {
  const encoded = histograms[delay];
  if (encoded === undefined) return undefined;
  const histogram = decodeHistogram(encoded);
  const sent = knownOfAll.has(delay) ? (timedMessages ?? 0) : 0;
  return { histogram, neverCame: Math.max(0, sent - histogram.totalCount) };
}
