/** Every number an arm of a cluster experiment may measure, and what it means. A new metric is one entry. */
import type { Unit } from "../quantities/format.ts";
import { costMetrics } from "./cost-metrics.ts";

/** What a metric tells about; tables keep these apart. */
export type MetricTopic =
  | "state"
  | "delivery"
  | "loss"
  | "recovery"
  | "spread"
  | "delay"
  | "fanOut"
  | "rate"
  | "generator"
  | "cost";

export interface ClusterMetric {
  /** Quantity, statistic, unit last; the key in measures and summaries. */
  readonly name: string;
  /** As a table heads it, without the unit. */
  readonly title: string;
  readonly unit: Unit;
  readonly topic: MetricTopic;
  /** Which way is better; undefined where neither is. */
  readonly better?: "lower" | "higher";
  readonly meaning: string;
  /**
   * What the number is worth where the load generator was the limit: the cluster could do at least, or would need at
   * most, this. Undefined where the generator has no part in it.
   */
  readonly whenGeneratorBound?: "at-least" | "at-most";
}

export const topicTitles: Record<MetricTopic, string> = {
  state: "Was the state found?",
  delivery: "What arrived?",
  loss: "What went wrong, and who was told?",
  recovery: "How long until all was well again?",
  spread: "Where did the users go?",
  delay: "How long did a delivery take?",
  fanOut: "When had everybody heard it?",
  rate: "How much per second?",
  generator: "Were the simulated users on time?",
  cost: "What did it cost?",
};

type Entry = readonly [name: string, title: string, meaning: string];
type Kind = Pick<ClusterMetric, "unit" | "topic" | "better" | "whenGeneratorBound">;

const all = (kind: Kind, entries: readonly Entry[]): ClusterMetric[] =>
  entries.map(([name, title, meaning]) => ({ name, title, meaning, ...kind }));

/** In the order tables show them. */
export const clusterMetrics: readonly ClusterMetric[] = [
  ...all({ unit: "share", topic: "state", better: "higher" }, [
    ["stepsFoundFraction", "steps that found it", "requests of a session answered by a node that had its state"],
    ["rejoinFoundFraction", "found on coming back", "users whose state was there after they closed and came back"],
    ["foundAfterFaultFraction", "found after the fault", "users cut off whose state was there when they came back"],
    ["sameNodeRejoinFraction", "back on the same node", "users that came back to the node that had them before"],
    [
      "sameNodeStepsFraction",
      "steps on the same node",
      "requests of a session answered by the node that answered the one before",
    ],
    ["welcomedAttemptsFraction", "welcomed", "tries to connect, follow-up requests included, that ended in a welcome"],
  ]),
  ...all({ unit: "share", topic: "delivery", better: "higher" }, [
    ["deliveredFraction", "delivered", "of the deliveries owed, messages published × users, those that arrived"],
    [
      "sameNodeDeliveredFraction",
      "delivered on the same node",
      "the same, where publisher and recipient were on one node",
    ],
    [
      "crossNodeDeliveredFraction",
      "delivered across nodes",
      "the same, where they were on two nodes, so that a broker had to help",
    ],
  ]),
  ...all({ unit: "count", topic: "delivery" }, [
    ["publishedMessages", "published messages", "messages handed to a connection by their publisher"],
    ["expectedDeliveries", "deliveries owed", "messages published times users"],
    ["acceptedMessages", "accepted messages", "messages whose publisher was told that the broker has them"],
    ["deliveriesPerPublication", "deliveries per message", "users that a message reached, on average"],
  ]),
  ...all({ unit: "count", topic: "delivery", better: "lower" }, [
    ["unsentMessages", "unsent messages", "messages due while their publisher had no connection: nothing was promised"],
  ]),
  ...all({ unit: "share", topic: "loss" }, [
    ["refusedShareOfOutage", "refused during the outage", "rejected messages over those due while the broker was away"],
  ]),
  ...all({ unit: "share", topic: "loss", better: "lower" }, [
    ["silentLossFraction", "silently lost share", "silent losses over the deliveries owed"],
  ]),
  ...all({ unit: "count", topic: "loss", better: "lower" }, [
    ["missingDeliveries", "missing deliveries", "deliveries owed that never arrived, silent and declared together"],
    ["silentLossDeliveries", "silent losses", "missing, and neither the publisher nor the recipient was told"],
    [
      "declaredLossDeliveries",
      "declared losses",
      "missing, but the publisher heard that it may be lost or the recipient heard of a gap",
    ],
    ["missingWhileConnectedDeliveries", "missing while connected", "missing at a user who was connected all the time"],
    ["rejectedMessages", "rejected messages", "messages whose publisher was told that they may not arrive"],
    ["duplicatedDeliveries", "duplicated deliveries", "arrivals of a message at a user beyond the first"],
    ["reorderedDeliveries", "reordered deliveries", "arrivals after a later message of the same publisher"],
    ["corruptedDeliveries", "corrupted deliveries", "arrivals that are not, byte for byte, what was published"],
    ["gapNotices", "gap notices", "times a user was told that messages may be missing here"],
  ]),
  ...all({ unit: "count", topic: "loss" }, [
    ["replayedDeliveries", "replayed deliveries", "deliveries that came out of the broker's history after a reconnect"],
  ]),
  ...all({ unit: "count", topic: "loss", better: "lower" }, [
    ["slowConsumers", "slow consumers cut", "users or nodes given up because they did not read in time"],
    ["droppedConnections", "connections dropped", "connections that ended though the user did not want it"],
    ["cutWhileFrozenConnections", "cut while frozen", "connections that ended while their node stood still"],
  ]),
  ...all({ unit: "ms", topic: "recovery", better: "lower", whenGeneratorBound: "at-most" }, [
    ["detectMs", "first user noticed", "from the fault until the first user knew"],
    ["lastDetectMs", "last user noticed", "from the fault until the last of those cut off knew"],
    ["firstReconnectedMs", "first user back", "from the fault until the first user who was cut off was welcome again"],
    ["p99ReconnectedMs", "99 % back", "from the fault until 99 % of them were"],
    ["allReconnectedMs", "all back", "from the fault until all of them were"],
    ["firstDeliveryAfterMs", "first delivery", "from the fault until a user who had come back received a new message"],
    ["catchUpMs", "caught up", "from the fault until everything that was missed had been delivered"],
    ["drainedMs", "drained", "from the order to drain until the node had no user left"],
    ["givenUpMs", "given up", "from when a user stopped reading until its node cut it off"],
    ["brokerAwayMs", "broker away", "from the broker's death until every node's subscription was live again"],
    ["brokerRestartMs", "broker restart", "from the order to start it until the broker answered"],
    ["brokerRecoveryMs", "subscriptions back", "from the broker's first answer until every subscription was live"],
  ]),
  ...all({ unit: "share", topic: "recovery", better: "higher" }, [
    [
      "reconnectedFraction",
      "came back",
      "users cut off who were connected again before the experiment gave up waiting",
    ],
  ]),
  ...all({ unit: "perSecond", topic: "recovery", better: "lower" }, [
    ["peakAttemptsPerSecond", "peak of attempts", "highest rate of tries to connect in a step of the series"],
  ]),
  ...all({ unit: "count", topic: "recovery", better: "lower" }, [
    ["attempts", "attempts", "tries to connect since the users gathered"],
    ["failedAttempts", "failed attempts", "those of them that were refused, cut off or too late"],
    ["attemptsPerUser", "attempts per user", "tries to connect over the users"],
  ]),
  ...all({ unit: "share", topic: "spread", better: "higher" }, [
    ["gatheredFraction", "connected", "users with a connection and a welcome when the arm began"],
  ]),
  ...all({ unit: "count", topic: "spread" }, [
    ["connectionsMinPerNode", "fewest on a node", "connections of the node that has fewest"],
    ["connectionsMaxPerNode", "most on a node", "connections of the node that has most"],
    ["newcomers", "newcomers", "users who came after the node was added"],
    ["usersMovedToNewNode", "moved to the new node", "users from before who were on the new node without having left"],
  ]),
  ...all({ unit: "ratio", topic: "spread", better: "lower" }, [
    ["connectionSpreadRatio", "most over mean", "connections of the fullest node over the mean; 1 is an even spread"],
  ]),
  ...all({ unit: "share", topic: "spread" }, [
    ["newcomerShareOfNewNode", "newcomers on the new node", "of the users who came after it was added"],
  ]),
  ...all({ unit: "count", topic: "spread", better: "lower" }, [
    ["usersOnDrainedNode", "left on the drained node", "users still on the node that was to be emptied"],
    ["usersBackOnDrainedNode", "came back to it", "users who left and came back to the node that was to be emptied"],
  ]),
  ...all({ unit: "us", topic: "delay", better: "lower", whenGeneratorBound: "at-most" }, [
    ["sameNodeDeliveryP50Us", "same node p50", "publisher to recipient on one node"],
    ["sameNodeDeliveryP99Us", "same node p99", "publisher to recipient on one node"],
    ["crossNodeDeliveryP50Us", "cross-node p50", "publisher to recipient on another node, through the broker"],
    ["crossNodeDeliveryP99Us", "cross-node p99", "publisher to recipient on another node, through the broker"],
    ["slowNodeDeliveryP50Us", "slow node p50", "publisher to a recipient on the node that was slowed down"],
    ["otherNodesDeliveryP50Us", "other nodes p50", "publisher to a recipient on any other node"],
  ]),
  ...all({ unit: "us", topic: "fanOut", better: "lower", whenGeneratorBound: "at-most" }, [
    ["firstRecipientP50Us", "first recipient p50", "per message that reached all, to the first user"],
    ["firstRecipientP99Us", "first recipient p99", "per message that reached all, to the first user"],
    ["medianRecipientP50Us", "median recipient p50", "per message that reached all, to the user in the middle"],
    ["medianRecipientP99Us", "median recipient p99", "per message that reached all, to the user in the middle"],
    [
      "lastRecipientP50Us",
      "last recipient p50",
      "per message that reached all, to the last user: when everybody knows",
    ],
    [
      "lastRecipientP99Us",
      "last recipient p99",
      "per message that reached all, to the last user: when everybody knows",
    ],
  ]),
  ...all({ unit: "us", topic: "generator", better: "lower" }, [
    ["dispatchP50Us", "dispatch p50", "sent - scheduled: how late the simulated users themselves were"],
    ["dispatchP99Us", "dispatch p99", "sent - scheduled: how late the simulated users themselves were"],
  ]),
  ...all({ unit: "ratio", topic: "delay", better: "lower" }, [
    [
      "otherNodesOverSlowNodeRatio",
      "others over slow node",
      "median delay of the other nodes' users over that of the slow node's",
    ],
  ]),
  ...all({ unit: "perSecond", topic: "rate", better: "higher", whenGeneratorBound: "at-least" }, [
    [
      "deliveriesPerSecond",
      "deliveries per second",
      "distinct (message, user) pairs that arrived, per second of publishing",
    ],
    ["publishedPerSecond", "published per second", "messages published per second, all users together"],
    [
      "chainDeliveriesPerSecond",
      "closed-loop deliveries per second",
      "the same with a closed loop: the next message follows when the last came back",
    ],
    ["chainPublishedPerSecond", "closed-loop published per second", "messages published per second in the closed loop"],
  ]),
  ...all({ unit: "share", topic: "generator" }, [
    [
      "usersEventLoopUtilization",
      "users' process busy",
      "time the process that is the users was not idle; near 100 % it was the limit",
    ],
  ]),
  ...costMetrics,
  ...all({ unit: "us", topic: "cost", better: "lower" }, [
    ["serverCpuUsPerDelivery", "nodes' CPU per delivery", "CPU time of all nodes over the deliveries they made"],
  ]),
  ...all({ unit: "memory", topic: "cost", better: "lower" }, [
    ["nodeQueueBytesMax", "longest queue", "most bytes a node held for users who did not read"],
    [
      "nodeMemoryGrowthBytes",
      "growth of a node",
      "resident memory of the fullest node at its highest, less that at the start",
    ],
  ]),
];

const byName = new Map(clusterMetrics.map((metric) => [metric.name, metric]));

/** A metric of this version, or, for a name another version wrote, what the name itself says. */
export const clusterMetricNamed = (name: string): ClusterMetric => byName.get(name) ?? metricFromName(name);

const unitsInNames: readonly [RegExp, Unit][] = [
  [/Us(?=[A-Z]|$)/, "us"],
  [/Ms(?=[A-Z]|$)/, "ms"],
  [/PerSecond(?=[A-Z]|$)/, "perSecond"],
  [/Bytes(?=[A-Z]|$)/, "bytes"],
  [/(?:Fraction|Share|Utilization)(?=[A-Z]|$)/, "share"],
  [/Ratio(?=[A-Z]|$)/, "ratio"],
];

const topicsOfUnits: Partial<Record<Unit, MetricTopic>> = {
  us: "delay",
  ms: "recovery",
  perSecond: "rate",
  bytes: "cost",
};

function metricFromName(name: string): ClusterMetric {
  const unit = unitsInNames.find(([pattern]) => pattern.test(name))?.[1] ?? "count";
  const title = name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, " ").toLowerCase();
  return { name, title, unit, topic: topicsOfUnits[unit] ?? "loss", meaning: "of another version" };
}
