/** What the users saw, as metrics, and the names of these. A share of nothing is left out. */
import type { ChannelUsersSeries, Ledger, Outage, StateFound } from "../../../load/channel/channel-users-api.ts";
import type { Measures, MetricName } from "../../../results/metrics/metrics.ts";
import { delayUs } from "../../../results/recording/delays.ts";
import { carriesPercentile, sumHistograms } from "../../../results/statistics/histogram.ts";
import type { JudgedLedger } from "../../rigs/cluster/judged-ledger.ts";

/** What is missing and whose doing it is; of what was delivered, only these tell what the system under test lost. */
export const missingMetrics = [
  "missingDeliveries",
  "missingDueToBrokerDeliveries",
  "missingDueToNodeDeliveries",
  "missingDueToLoadBalancerDeliveries",
  "missingDueToUsersDeliveries",
  "missingDueToMachineDeliveries",
  "missingOfUnknownCauseDeliveries",
] as const satisfies readonly (MetricName & keyof JudgedLedger)[];

const counted = [
  "publishedMessages",
  "unsentMessages",
  "acceptedMessages",
  "rejectedMessages",
  ...missingMetrics,
  "declaredLossDeliveries",
  "silentLossDeliveries",
  "acceptedThenLostMessages",
  "missingWhileConnectedDeliveries",
  "duplicatedDeliveries",
  "reorderedDeliveries",
  "corruptedDeliveries",
  "replayedDeliveries",
  "publishedPerSecond",
  "deliveriesPerSecond",
  "usersEventLoopUtilization",
  "usersCpuShare",
  "usersStallMaxMs",
] as const satisfies readonly (MetricName & keyof JudgedLedger)[];

const delays = [
  "sameNodeDelivery",
  "crossNodeDelivery",
  "firstRecipient",
  "medianRecipient",
  "lastRecipient",
  "dispatch",
] as const satisfies readonly (keyof Ledger["histograms"])[];

export const ledgerMetrics: readonly MetricName[] = [
  ...counted,
  "deliveredFraction",
  "sameNodeDeliveredFraction",
  "crossNodeDeliveredFraction",
  ...delays.flatMap((delay) => [`${delay}P50Us`, `${delay}P99Us`] as const),
];

export function ledgerMeasures(ledger: JudgedLedger): Measures {
  return {
    ...Object.fromEntries(counted.map((name) => [name, ledger[name]])),
    ...share("deliveredFraction", ledger.deliveries, ledger.expectedDeliveries),
    ...share("sameNodeDeliveredFraction", ledger.sameNodeDeliveries, ledger.sameNodeExpected),
    ...share("crossNodeDeliveredFraction", ledger.crossNodeDeliveries, ledger.crossNodeExpected),
    ...defined(
      delays.flatMap((delay) => [
        [`${delay}P50Us`, delayUs(ledger.histograms[delay], 50)] as const,
        [`${delay}P99Us`, delayUs(ledger.histograms[delay], 99)] as const,
      ]),
    ),
  };
}

/** Of steps. */
export const stepsMetrics = ["stepsFoundFraction", "sameNodeStepsFraction", "stepsUnansweredFraction"] as const;
export const stepsMeasures = ({ asked, found, sameNode, failed }: StateFound): Measures => ({
  ...share("stepsFoundFraction", found, asked),
  ...share("stepsUnansweredFraction", failed, asked),
  ...share("sameNodeStepsFraction", sameNode, asked),
});

/** Of leaving and coming back. */
export const rejoinMetrics = ["rejoinFoundFraction", "sameNodeRejoinFraction", "rejoinUnansweredFraction"] as const;
export const rejoinMeasures = ({
  asked,
  found,
  sameNode,
  failed,
}: Omit<StateFound, "notFound" | "perNode">): Measures => ({
  ...share("rejoinFoundFraction", found, asked),
  ...share("rejoinUnansweredFraction", failed, asked),
  ...share("sameNodeRejoinFraction", sameNode, asked),
});

export const outageMetrics = [
  "droppedConnections",
  "detectMs",
  "lastDetectMs",
  "firstReconnectedMs",
  "p99ReconnectedMs",
  "allReconnectedMs",
  "firstDeliveryAfterMs",
  "reconnectedFraction",
  "foundAfterFaultFraction",
] as const satisfies readonly MetricName[];

/** The clocks of a failover, all from the fault. Left out where it never happened. */
export function outageMeasures(outages: readonly Outage[], faultNs: number): Measures {
  const since = outages.filter(({ disconnectedNs }) => disconnectedNs >= faultNs);
  const ms = (times: readonly (number | undefined)[]): number[] =>
    times
      .filter((ns) => ns !== undefined)
      .map((ns) => (ns - faultNs) / 1e6)
      .sort((a, b) => a - b);
  const lost = ms(since.map(({ disconnectedNs }) => disconnectedNs));
  // A user may have been cut more than once: it is back when its last outage is over.
  const last = [...new Map(since.map((outage) => [outage.user, outage])).values()];
  // Its state is lost or not at its first return: later it finds what it began anew.
  const first = [...new Map(since.toReversed().map((outage) => [outage.user, outage])).values()];
  const back = ms(last.map(({ reconnectedNs }) => reconnectedNs));
  const firstBack = ms(since.map(({ reconnectedNs }) => reconnectedNs));
  const served = ms(since.map(({ firstDeliveryNs }) => firstDeliveryNs));
  const allBack = back.length === last.length;
  return {
    droppedConnections: since.length,
    ...defined([
      ["detectMs", lost[0]],
      ["lastDetectMs", lost.at(-1)],
      ["firstReconnectedMs", firstBack[0]],
      ["p99ReconnectedMs", allBack ? back[Math.ceil(0.99 * back.length) - 1] : undefined],
      ["allReconnectedMs", allBack ? back.at(-1) : undefined],
      ["firstDeliveryAfterMs", served[0]],
    ]),
    ...share("reconnectedFraction", back.length, last.length),
    ...share("foundAfterFaultFraction", first.filter(({ found }) => found === true).length, first.length),
  };
}

export const nodeDelayMetrics = [
  "slowNodeDeliveryP50Us",
  "otherNodesDeliveryP50Us",
  "slowNodeAddedP50Us",
  "otherNodesOverSlowNodeRatio",
] as const satisfies readonly MetricName[];

/** Delays of the users of one node beside those of all others. */
export function nodeDelays({ histogramsPerNode }: Ledger, slow: string): Measures {
  const p50Us = (of: (node: string) => boolean): number | undefined => {
    const histogram = sumHistograms(
      Object.entries(histogramsPerNode).flatMap(([node, encoded]) => (of(node) ? encoded : [])),
    );
    return histogram && carriesPercentile(histogram.totalCount, 50)
      ? histogram.getValueAtPercentile(50) / 1000
      : undefined;
  };
  const [slowP50Us, othersP50Us] = [p50Us((node) => node === slow), p50Us((node) => node !== slow)];
  if (slowP50Us === undefined || othersP50Us === undefined) return {};
  return {
    slowNodeDeliveryP50Us: slowP50Us,
    otherNodesDeliveryP50Us: othersP50Us,
    slowNodeAddedP50Us: slowP50Us - othersP50Us,
    otherNodesOverSlowNodeRatio: othersP50Us / slowP50Us,
  };
}

/** Of a delivery to a user who was on the node when it was sent. */
export function longestDelayMs({ histogramsPerNode }: Ledger, node: string): number | undefined {
  const encoded = histogramsPerNode[node];
  const histogram = sumHistograms(encoded === undefined ? [] : [encoded]);
  return histogram && histogram.maxValue / 1e6;
}

export const peakAttempts = ({ attemptsPerSecond }: ChannelUsersSeries): Measures => ({
  peakAttemptsPerSecond: Math.max(0, ...attemptsPerSecond),
});

const share = (name: MetricName, part: number, whole: number): Measures => (whole > 0 ? { [name]: part / whole } : {});

/** What could not be read or never happened is left out. */
export const defined = (entries: readonly (readonly [MetricName, number | undefined])[]): Measures =>
  Object.fromEntries(entries.filter(([, value]) => value !== undefined && Number.isFinite(value)));
