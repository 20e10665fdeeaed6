/** Names of metrics that come in families. */
import { type DelayMetricName, delayStatistics } from "../../../results/metrics/metric.ts";
import type { MetricName } from "../../../results/metrics/metrics.ts";
import { ledgerCounts } from "../../../results/recording/flows.ts";

type Delay =
  | "roundTrip"
  | "scheduled"
  | "dispatch"
  | "uplink"
  | "downlink"
  | "uplinkAlone"
  | "downlinkAlone"
  | "uplinkScheduled"
  | "downlinkScheduled"
  | "connect"
  | "sameServer"
  | "login"
  | "push"
  | "parkedPoll"
  | "betweenPolls"
  | "pageRoundTrip"
  | "programRoundTrip"
  | "coldStart"
  | "recovery"
  | "userDelay"
  | "besideStall"
  | "besidePause"
  | "direct"
  | "proxied"
  | "bystander"
  | "bystanderAlone"
  | "others"
  | "othersBefore";

/** Every statistic of these delays. */
export const delaysNamed = (...names: readonly Delay[]): MetricName[] =>
  names.flatMap((name) => delayStatistics.map(([, statistic]): DelayMetricName<Delay> => `${name}${statistic}Us`));

/** What a ledger counts. */
export const ledgerMetrics: readonly MetricName[] = ledgerCounts;
