/**
 * Every number a summary may hold: how it is read from one trial, and what it means. A report shows what is listed
 * here, so a new metric is one entry.
 */

import type { Flow, FlowLedger, FlowName, IdleTrial, Parameters, Trial, Window } from "../contract/results.ts";
import type { Unit } from "../quantities/format.ts";
import { carriesPercentile, decodeHistogram } from "../statistics/histogram.ts";
import { memoryLine } from "./idle.ts";

export interface Metric {
  /** Quantity, statistic, unit last; the key in a summary. */
  readonly name: string;
  /** As a table heads it, without the unit. */
  readonly title: string;
  readonly unit: Unit;
  /** Which way is better; undefined where neither is. */
  readonly better?: "lower" | "higher";
  readonly meaning: string;
  /**
   * What the number is worth in a cell whose limit was the load generator: the target itself could do at least, or
   * would need at most, this; or nothing can be said. Undefined where the generator has no part in it.
   */
  readonly whenGeneratorBound?: "at-least" | "at-most" | "unknown";
  /** Why a summary may lack it. */
  readonly absence: string;
  /** False where the number did not come about as in other cells, so that a ratio to them would mislead. */
  readonly comparable?: (trial: Trial) => boolean;
  /** Undefined where the trial cannot tell, e.g. too few samples for the percentile. */
  readonly read: (trial: Trial, parameters: Parameters) => number | undefined;
}

/** The window a scenario is about: the last, in which everything that is ever busy is busy. */
const main = (trial: Trial): Window | undefined => trial.windows.at(-1);

const tooFewSamples = "too few samples for this percentile";

type HistogramName = keyof Flow["histograms"];

/** A delay in microseconds; percentile 100 is the maximum. Never 0: what is under a nanosecond counts as one. */
function delayUs(encoded: string | undefined, percentile: number): number | undefined {
  if (encoded === undefined) return undefined;
  const histogram = decodeHistogram(encoded);
  const { totalCount } = histogram;
  if (percentile === 100) return totalCount > 0 ? histogram.maxValue / 1000 : undefined;
  if (!carriesPercentile(totalCount, percentile)) return undefined;
  return histogram.getValueAtPercentile(percentile) / 1000;
}

const percentiles = [
  [50, "P50"],
  [90, "P90"],
  [99, "P99"],
  [99.9, "P999"],
  [100, "Max"],
] as const;

const percentileTitle = (suffix: string): string => suffix.toLowerCase().replace("p999", "p99.9");

function delayMetrics(
  prefix: string,
  title: string,
  flow: FlowName,
  histogram: HistogramName,
  meaning: string,
): Metric[] {
  return percentiles.map(([percentile, suffix]) => ({
    name: `${prefix}${suffix}Us`,
    title: `${title} ${percentileTitle(suffix)}`,
    unit: "us",
    better: "lower",
    meaning,
    ...(histogram !== "dispatch" && { whenGeneratorBound: "at-most" }),
    absence: tooFewSamples,
    read: (trial) => delayUs(main(trial)?.flows[flow]?.histograms[histogram], percentile),
  }));
}

function aloneMetric(flow: "uplink" | "downlink", percentile: 50 | 99): Metric {
  return {
    name: `${flow}AloneP${percentile}Us`,
    title: `${flow} alone p${percentile}`,
    unit: "us",
    better: "lower",
    meaning: `one-way delay of the ${flow} while the other direction rests`,
    whenGeneratorBound: "at-most",
    absence: tooFewSamples,
    read: (trial) => delayUs(aloneWindow(trial, flow)?.flows[flow]?.histograms.service, percentile),
  };
}

const aloneWindow = (trial: Trial, flow: FlowName): Window | undefined =>
  trial.windows.find(({ flows }) => flows[flow] !== undefined && Object.values(flows).length === 1);

function interferenceMetric(flow: "uplink" | "downlink", percentile: 50 | 99): Metric {
  return {
    name: `${flow}InterferenceP${percentile}Ratio`,
    title: `${flow} interference p${percentile}`,
    unit: "ratio",
    better: "lower",
    meaning: `one-way p${percentile} of the ${flow} with both directions busy, over the same with it alone, trial by trial`,
    whenGeneratorBound: "unknown",
    absence: tooFewSamples,
    read(trial) {
      const together = delayUs(main(trial)?.flows[flow]?.histograms.service, percentile);
      const alone = delayUs(aloneWindow(trial, flow)?.flows[flow]?.histograms.service, percentile);
      return together !== undefined && alone !== undefined && main(trial) !== aloneWindow(trial, flow)
        ? together / alone
        : undefined;
    },
  };
}

function ledgerMetric(name: keyof FlowLedger, meaning: string): Metric {
  return {
    name,
    title: name.replace("Messages", ""),
    unit: "messages",
    better: "lower",
    meaning,
    absence: "not counted",
    read: ({ windows }) =>
      windows.length === 0 ? undefined : windows.flatMap(flowsOf).reduce((sum, { ledger }) => sum + ledger[name], 0),
  };
}

/** The flows a window has. */
export const flowsOf = ({ flows }: Window): Flow[] =>
  [flows.roundTrip, flows.uplink, flows.downlink].filter((flow) => flow !== undefined);

export const metrics: readonly Metric[] = [
  ...delayMetrics("roundTrip", "round trip", "roundTrip", "service", "received - sent"),
  ...delayMetrics(
    "scheduled",
    "from schedule",
    "roundTrip",
    "scheduled",
    "received - scheduled: what a user waits, queueing in the client included",
  ),
  ...delayMetrics(
    "dispatch",
    "dispatch",
    "roundTrip",
    "dispatch",
    "sent - scheduled: how late the load generator itself was",
  ),
  ...delayMetrics(
    "uplink",
    "uplink",
    "uplink",
    "service",
    "one-way delay, client to server, with both directions busy",
  ),
  ...delayMetrics(
    "downlink",
    "downlink",
    "downlink",
    "service",
    "one-way delay, server to client, with both directions busy",
  ),
  aloneMetric("uplink", 50),
  aloneMetric("uplink", 99),
  aloneMetric("downlink", 50),
  aloneMetric("downlink", 99),
  interferenceMetric("uplink", 50),
  interferenceMetric("downlink", 50),
  {
    name: "achievedRatePerSecond",
    title: "achieved rate",
    unit: "perSecond",
    better: "higher",
    meaning: "messages received within the window, per second, all flows together",
    whenGeneratorBound: "at-least",
    absence: "nothing was measured",
    read: (trial) => {
      const window = main(trial);
      return window && flowsOf(window).reduce((sum, flow) => sum + flow.achievedRatePerSecond, 0);
    },
  },
  {
    name: "serverCpuUsPerMessage",
    title: "server CPU per message",
    unit: "us",
    better: "lower",
    meaning: "CPU time of the server's processes within the window, over the messages handled in it",
    absence: "the CPU time of this server could not be seen; see [validity](#validity)",
    read(trial) {
      const server = main(trial)?.server;
      return main(trial)?.flows.roundTrip && server && server.messages > 0 ? server.cpuUs / server.messages : undefined;
    },
  },
  {
    name: "generatorCpuUsPerMessage",
    title: "client CPU per message",
    unit: "us",
    better: "lower",
    meaning:
      "CPU time of the load generators over the round trips they saw; closed loop only, since open-loop pacing spins",
    absence: "only a closed loop tells: open-loop pacing spins",
    read(trial) {
      const window = main(trial);
      if (window?.flows.roundTrip?.load.kind !== "closed") return undefined;
      const cpuUs = window.generators.reduce((sum, use) => sum + use.cpuUs, 0);
      const messages = window.generators.reduce((sum, use) => sum + use.messages, 0);
      return messages > 0 ? cpuUs / messages : undefined;
    },
  },
  {
    name: "wireBytesPerMessage",
    title: "wire bytes per round trip",
    unit: "bytes",
    better: "lower",
    meaning: "bytes above TCP, both ways, for one message and its echo, requests that found nothing included",
    absence: "no bytes were counted",
    read: (trial) => wireBytesPerMessage(trial),
  },
  {
    name: "overheadBytesPerMessage",
    title: "overhead bytes per round trip",
    unit: "bytes",
    better: "lower",
    meaning: "wire bytes less twice the payload",
    absence: "no bytes were counted",
    read(trial, { payloadBytes }) {
      const bytes = wireBytesPerMessage(trial);
      return bytes === undefined ? undefined : bytes - 2 * payloadBytes;
    },
  },
  ...percentiles.map(
    ([percentile, suffix]): Metric => ({
      name: `connect${suffix}Us`,
      title: `connect ${percentileTitle(suffix)}`,
      unit: "us",
      better: "lower",
      meaning: "from the start of a connection until the first message can be sent, one connection after the other",
      absence: "too few connections for this percentile",
      read: (trial) => delayUs(trial.connect, percentile),
    }),
  ),
  {
    name: "memoryBytesPerConnection",
    title: "memory per connection",
    unit: "memory",
    better: "lower",
    meaning: "slope of the line through the server's anonymous memory at several counts of resting connections",
    absence: "memory is read from /proc, which only Linux has, of processes that this user may look into",
    comparable: ({ idle }) => idle?.freshServer !== false,
    read: (trial) => memoryLine(trial)?.slope,
  },
  {
    name: "idleCpuUsPerConnectionSecond",
    title: "server CPU per idle connection and second",
    unit: "us",
    better: "lower",
    meaning: "CPU time of the server's processes while all connections rest, over connections and seconds",
    absence: "CPU time is read from /proc, which only Linux has, of processes that this user may look into",
    read: ({ idle }) => idle?.serverCpuUs && perConnectionSecond(idle, idle.serverCpuUs),
  },
  {
    name: "idleWireBytesPerConnectionSecond",
    title: "wire bytes per idle connection and second",
    unit: "bytes",
    better: "lower",
    meaning: "bytes above TCP, both ways, while all connections rest, over connections and seconds",
    absence: "no bytes were counted",
    read: ({ idle }) => idle && perConnectionSecond(idle, idle.wireBytes.sent + idle.wireBytes.received),
  },
  ledgerMetric("sentMessages", "messages offered"),
  ledgerMetric("receivedMessages", "messages delivered at least once"),
  ledgerMetric("lostMessages", "messages that never arrived although a later one did"),
  ledgerMetric("duplicatedMessages", "arrivals beyond the first"),
  ledgerMetric("reorderedMessages", "arrivals after a later message"),
  ledgerMetric("censoredMessages", "still on the way when the wait was over"),
  ledgerMetric("corruptedMessages", "arrivals with the wrong bytes"),
];

function perConnectionSecond({ memory, durationMs }: IdleTrial, amount: number): number | undefined {
  const connections = memory.at(-1)?.connections;
  return connections && amount / connections / (durationMs / 1000);
}

function wireBytesPerMessage(trial: Trial): number | undefined {
  const bytes = main(trial)?.wireBytes;
  return bytes && bytes.messages > 0 ? (bytes.sent + bytes.received) / bytes.messages : undefined;
}

/** Throws for a name that no metric has. */
export function metricNamed(name: string): Metric {
  const metric = metrics.find((candidate) => candidate.name === name);
  if (metric === undefined) throw new RangeError(`expected the name of a metric, got "${name}"`);
  return metric;
}
