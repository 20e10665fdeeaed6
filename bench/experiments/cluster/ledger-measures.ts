import type { ChannelUsersSeries, Ledger, Outage, StateFound } from "../../../load/channel/channel-users-api.ts";
import { carriesPercentile, decodeHistogram, sumHistograms } from "../../../results/statistics/histogram.ts";
import type { Measures } from "../contract/experiment.ts";

/** What a ledger says, as metrics of an arm. A share of nothing is left out. */
export function ledgerMeasures(ledger: Ledger): Measures {
  const { histograms } = ledger;
  return {
    publishedMessages: ledger.publishedMessages,
    unsentMessages: ledger.unsentMessages,
    acceptedMessages: ledger.acceptedMessages,
    rejectedMessages: ledger.rejectedMessages,
    missingDeliveries: ledger.missingDeliveries,
    declaredLossDeliveries: ledger.declaredLossDeliveries,
    silentLossDeliveries: ledger.silentLossDeliveries,
    missingWhileConnectedDeliveries: ledger.missingWhileConnectedDeliveries,
    duplicatedDeliveries: ledger.duplicatedDeliveries,
    reorderedDeliveries: ledger.reorderedDeliveries,
    corruptedDeliveries: ledger.corruptedDeliveries,
    replayedDeliveries: ledger.replayedDeliveries,
    publishedPerSecond: ledger.publishedPerSecond,
    deliveriesPerSecond: ledger.deliveriesPerSecond,
    usersEventLoopUtilization: ledger.usersEventLoopUtilization,
    ...share("deliveredFraction", ledger.deliveries, ledger.expectedDeliveries),
    ...share("sameNodeDeliveredFraction", ledger.sameNodeDeliveries, ledger.sameNodeExpected),
    ...share("crossNodeDeliveredFraction", ledger.crossNodeDeliveries, ledger.crossNodeExpected),
    ...delays("sameNodeDelivery", histograms.sameNodeDelivery),
    ...delays("crossNodeDelivery", histograms.crossNodeDelivery),
    ...delays("firstRecipient", histograms.firstRecipient),
    ...delays("medianRecipient", histograms.medianRecipient),
    ...delays("lastRecipient", histograms.lastRecipient),
    ...delays("dispatch", histograms.dispatch),
  };
}

/** `prefix` is `steps` or `rejoin`. */
export const foundMeasures = (prefix: string, { asked, found, sameNode }: StateFound): Measures => ({
  ...share(`${prefix}FoundFraction`, found, asked),
  ...share(`sameNode${prefix[0]!.toUpperCase()}${prefix.slice(1)}Fraction`, sameNode, asked),
});

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
  const back = ms(last.map(({ reconnectedNs }) => reconnectedNs));
  const firstBack = ms(since.map(({ reconnectedNs }) => reconnectedNs));
  const served = ms(since.map(({ firstDeliveryNs }) => firstDeliveryNs));
  return {
    droppedConnections: since.length,
    ...at("detectMs", lost[0]),
    ...at("lastDetectMs", lost.at(-1)),
    ...at("firstReconnectedMs", firstBack[0]),
    ...at("p99ReconnectedMs", back.length === last.length ? back[Math.ceil(0.99 * back.length) - 1] : undefined),
    ...at("allReconnectedMs", back.length === last.length ? back.at(-1) : undefined),
    ...at("firstDeliveryAfterMs", served[0]),
    ...share("reconnectedFraction", back.length, last.length),
    ...share("foundAfterFaultFraction", last.filter(({ found }) => found === true).length, last.length),
  };
}

/** Delays of the users of one node beside those of all others. */
export function nodeDelays({ histogramsPerNode }: Ledger, slow: string): Measures {
  const others = Object.entries(histogramsPerNode).flatMap(([node, encoded]) => (node === slow ? [] : encoded));
  const own = histogramsPerNode[slow];
  const p50Us = (encoded: readonly string[]): number | undefined => {
    const histogram = sumHistograms(encoded);
    return histogram && carriesPercentile(histogram.totalCount, 50)
      ? histogram.getValueAtPercentile(50) / 1000
      : undefined;
  };
  const [slowP50Us, othersP50Us] = [p50Us(own === undefined ? [] : [own]), p50Us(others)];
  if (slowP50Us === undefined || othersP50Us === undefined) return {};
  return {
    slowNodeDeliveryP50Us: slowP50Us,
    otherNodesDeliveryP50Us: othersP50Us,
    otherNodesOverSlowNodeRatio: othersP50Us / slowP50Us,
  };
}

export const peakAttempts = ({ attemptsPerSecond }: ChannelUsersSeries): Measures => ({
  peakAttemptsPerSecond: Math.max(0, ...attemptsPerSecond),
});

const share = (name: string, part: number, whole: number): Measures => (whole > 0 ? { [name]: part / whole } : {});

const at = (name: string, ms: number | undefined): Measures => (ms === undefined ? {} : { [name]: ms });

function delays(prefix: string, encoded: string | undefined): Measures {
  if (encoded === undefined) return {};
  const histogram = decodeHistogram(encoded);
  return Object.fromEntries(
    ([50, 99] as const)
      .filter((percentile) => carriesPercentile(histogram.totalCount, percentile))
      .map((percentile) => [`${prefix}P${percentile}Us`, histogram.getValueAtPercentile(percentile) / 1000]),
  );
}
