/** The few numbers that answer the question of an experiment: what its tables lead with. All others follow. */
import { type Metric, type MetricName, metricNamed } from "../../results/metrics/metrics.ts";

interface Deciding {
  /**
   * What decides first stands first; the word heads a narrow column. `never`: of a time, the share of those who waited for
   * it in vain.
   */
  readonly metrics: readonly (readonly [metric: MetricName, word: string, never?: MetricName])[];
  /** Whether the best row stands first, though cells of one target differ. */
  readonly bestFirst?: true;
  /** Where there is a cell for every size, which of them stands for the others on a screen. */
  readonly standsFor?: {
    /** A setting, or the payload. */
    readonly size: string;
    readonly which: "smallest" | "middle" | "largest";
  };
}

const recipients = [
  ["firstRecipientP50Us", "first"],
  ["medianRecipientP50Us", "median"],
  ["lastRecipientP50Us", "last"],
] as const;

const perDelivery = [
  ["serverCpuUsPerRecipient", "CPU"],
  ["wireBytesPerRecipient", "bytes"],
] as const;

const traffic = [
  ["scheduledP50Us", "p50"],
  ["scheduledP99Us", "p99"],
  ["serverCpuUsPerMessage", "CPU"],
  ["wireBytesPerMessage", "bytes"],
  ["connectP50Us", "connect"],
] as const;

const byExperiment: Readonly<Record<string, Deciding>> = {
  echo: { metrics: traffic },
  push: {
    metrics: [
      ["ageMeanUs", "age"],
      ["ageOverSourceMeanUs", "added"],
      ["pushP50Us", "p50"],
      ["pushP99Us", "p99"],
      ["pushOverTransitP50Ratio", "transits"],
      ["wireBytesPerUpdate", "bytes"],
      ["askedBytesPerUpdate", "asked"],
    ],
    standsFor: { size: "valuesPerSecondAndUser", which: "middle" },
  },
  "idle-hour": {
    metrics: [
      ["heartbeatBytes", "heartbeat"],
      ["idleWireBytesPerUserHour", "bytes/h"],
      ["idleWakeUpsPerUserHour", "wake/h"],
      ["idleServerCpuMsPerUserHour", "CPU/h"],
      ["serverNoticesAfterMs", "server", "serverNeverNoticedShare"],
      ["clientNoticesAfterMs", "client", "clientNeverNoticedShare"],
    ],
  },
  relay: {
    metrics: [
      ["roundTripP50Us", "p50"],
      ["roundTripP99Us", "p99"],
      ["echoP50Us", "echo"],
      ["relayOverEchoP50Ratio", "× echo"],
      ["serverCpuUsPerMessage", "CPU"],
      ["wireBytesPerMessage", "bytes"],
    ],
  },
  binary: {
    metrics: [
      ["wireOverPayloadBytesRatio", "× payload"],
      ["goodputBytesPerSecond", "goodput/s"],
      ["serverCpuUsPerKib", "CPU/KiB"],
    ],
    standsFor: { size: "payload", which: "largest" },
  },
  room: {
    metrics: [...recipients, ...perDelivery, ["missingDeliveries", "missing"]],
    standsFor: { size: "members", which: "largest" },
  },
  "server-fan-out": {
    metrics: [
      ...recipients,
      ["bystanderAloneP90Us", "alone"],
      ["bystanderP90Us", "beside"],
      ["serverCpuUsPerRecipient", "CPU"],
    ],
    standsFor: { size: "subscribers", which: "largest" },
  },
  "slow-reader": {
    metrics: [
      ["givenUpMs", "given up"],
      ["readerQueueMaxBytes", "kept"],
      ["memoryGrowthBytes", "memory"],
      ["othersBeforeP50Us", "p50 before"],
      ["othersP50Us", "p50 beside"],
      ["missingDeliveries", "missing"],
    ],
  },
  presence: {
    metrics: [...recipients, ["noticedFraction", "told"], ...perDelivery],
    standsFor: { size: "subscribers", which: "largest" },
  },
  browser: {
    metrics: [
      ["pageRoundTripP50Us", "page p50"],
      ["programRoundTripP50Us", "program p50"],
      ["pageOverProgramRoundTripP50Ratio", "page/program"],
      ["pageExactTextEchoes", "texts"],
      ["pageExactBinaryEchoes", "binaries"],
    ],
  },
  connect: {
    metrics: [
      ["coldStartRoundTrips", "round trips"],
      ["coldStartP50Us", "p50"],
      ["coldStartAt40MsP50Us", "at 40 ms"],
      ["coldStartAt80MsP50Us", "at 80 ms"],
      ["coldStartAt120MsP50Us", "at 120 ms"],
    ],
  },
  wire: {
    metrics: [
      ["upFramingBytes", "frame up"],
      ["downFramingBytes", "frame down"],
      ["upHttpBytes", "HTTP up"],
      ["downHttpBytes", "HTTP down"],
      ["upWireBytes", "wire up"],
      ["downWireBytes", "wire down"],
    ],
    standsFor: { size: "payload", which: "smallest" },
  },
  resume: {
    metrics: [
      ["lostInOutageShare", "lost"],
      ["acceptedThenLostShare", "accepted"],
      ["duplicatedUpdates", "twice"],
      ["recoveryP50Us", "back p50"],
      ["outageMs", "outage"],
    ],
  },
  multiplex: {
    metrics: [
      ["userDelayP50Us", "p50"],
      ["newUserP50Us", "new user"],
      ["heldUpUsers", "held up"],
      ["heldUpByPauseUsers", "by a user"],
      ["besideStallP90Us", "stall p90"],
      ["openingWireBytesPerUser", "bytes"],
      ["memoryBytesPerUser", "memory"],
    ],
  },
  "head-of-line": {
    metrics: [
      ["probeAloneP50Us", "alone"],
      ["probeBehindLargeP50Us", "behind"],
      ["heldUpOverLineTimeRatio", "held up"],
      ["largeMessageP50Us", "large"],
    ],
  },
  federation: {
    metrics: [
      ["sameServerP50Us", "one server"],
      ["roundTripP50Us", "two"],
      ["federatedP50Ratio", "× one"],
      ["firstRoundTripMs", "first"],
      ["serverCpuUsPerMessage", "CPU"],
    ],
  },
  login: {
    metrics: [
      ["loginP50Us", "p50"],
      ["loginRoundTrips", "turns"],
      ["clientCpuUsPerLogin", "client"],
      ["serverCpuUsPerLogin", "server"],
      ["loginWireBytes", "bytes"],
    ],
    bestFirst: true,
  },
  "broker-kill": {
    metrics: [
      ["deliveredFraction", "delivered"],
      ["refusedShareOfOutage", "refused"],
      ["declaredLossDeliveries", "told"],
      ["acceptedMissingDeliveries", "missing"],
      ["gapNotices", "gap notices"],
      ["brokerAwayMs", "away"],
      ["brokerRecoveryMs", "back"],
    ],
  },
  "node-partition": {
    metrics: [
      ["deliveredFraction", "delivered"],
      ["cutNodeMissedShareOfOutage", "missed"],
      ["refusedShareOfOutage", "refused"],
      ["declaredLossDeliveries", "told"],
      ["gapNotices", "gap notices"],
      ["linkAwayMs", "away"],
      ["linkRecoveryMs", "back"],
    ],
  },
  policies: {
    metrics: [
      ["rejoinFoundFraction", "found"],
      ["foundAfterReloadFraction", "after reload"],
      ["connectionsMinPerNode", "fewest"],
      ["connectionsMaxPerNode", "most"],
    ],
  },
  failover: {
    metrics: [
      ["acceptedThenLostMessages", "lost"],
      ["missingDeliveries", "missing"],
      ["deliverySilenceMaxMs", "silence"],
      ["brokerAwayMs", "away"],
      ["ensembleWholeMs", "whole"],
    ],
  },
  "socket-io": {
    metrics: [
      ["deliveredFraction", "delivered"],
      ["silentLossDeliveries", "silent"],
      ["declaredLossDeliveries", "told"],
      ["lastRecipientP50Us", "last user"],
      ["p99ReconnectedMs", "99 % back"],
      ["serverCpuUsPerDelivery", "CPU"],
    ],
  },
  "two-balancers": {
    metrics: [
      ["foundAfterFaultFraction", "found"],
      ["p99ReconnectedMs", "99 % back"],
      ["missingDeliveries", "missing"],
    ],
  },
  profile: {
    metrics: [
      ["uplinkScheduledP50Us", "up p50"],
      ["downlinkScheduledP50Us", "down p50"],
      ["downlinkScheduledP99Us", "p99"],
      ["wireBytesPerUserHour", "bytes/h"],
      ["standingBytesPerUserHour", "standing/h"],
      ["serverCpuUsPerUserSecond", "CPU"],
    ],
  },
};

/** A deciding number as a column shows it. */
export interface DecidingColumn {
  readonly metric: Metric;
  readonly word: string;
  readonly never?: MetricName | undefined;
}

export interface Decides extends Omit<Deciding, "metrics"> {
  readonly columns: readonly DecidingColumn[];
}

/** Undefined of an experiment nobody has said it of. */
export function decidingIn(experiment: string): Decides | undefined {
  if (!Object.hasOwn(byExperiment, experiment)) return undefined;
  const { metrics, ...others } = byExperiment[experiment]!;
  return { ...others, columns: metrics.map(([name, word, never]) => ({ metric: metricNamed(name), word, never })) };
}
