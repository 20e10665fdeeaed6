/** What experiments measure on a cluster. */
import { costMetrics } from "./cost-metrics.ts";
import { entries, type MetricEntry } from "./metric.ts";

const notReached = "it did not happen in this cell, or not before the experiment gave up waiting";
const tooFew = "too few messages for this percentile, or not measured in this cell";

/** By what two runs of an experiment on a cluster are set against each other; the counts of losses are predicted instead. */
const compared = [
  "deliveredFraction",
  "crossNodeDeliveryP50Us",
  "lastRecipientP50Us",
  "deliveriesPerSecond",
  "p99ReconnectedMs",
  "brokerAwayMs",
  "nodeCpuUsPerPacedMessage",
  "nodeCpuUsPerBatchedMessage",
] as const;

const table = {
  ...entries({ unit: "share", topic: "state", better: "higher" }, [
    ["stepsFoundFraction", "steps that found it", "requests of a session answered by a node that had its state"],
    ["rejoinFoundFraction", "found on coming back", "users whose state was there after they closed and came back"],
    [
      "foundAfterReloadFraction",
      "found after a reload",
      "users whose state was there when they came back after the load balancer had been reloaded",
    ],
    [
      "foundAfterFaultFraction",
      "found after the fault",
      "users cut off whose state was there when they first came back",
    ],
    ["sameNodeRejoinFraction", "back on the same node", "users that came back to the node that had them before"],
    [
      "sameNodeStepsFraction",
      "steps on the same node",
      "requests of a session answered by the node that answered the one before",
    ],
    ["welcomedAttemptsFraction", "welcomed", "tries to connect, follow-up requests included, that ended in a welcome"],
  ]),
  ...entries({ unit: "share", topic: "state", better: "lower" }, [
    ["stepsUnansweredFraction", "steps without an answer", "requests of a session that nobody answered in time"],
    [
      "rejoinUnansweredFraction",
      "not back in time",
      "returns that were refused, cut off or too late: no state was looked for",
    ],
    [
      "unansweredAfterReloadFraction",
      "not back in time after a reload",
      "the same, when the load balancer had been reloaded",
    ],
  ]),
  ...entries({ unit: "share", topic: "delivery", better: "higher" }, [
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
  ...entries({ unit: "count", topic: "delivery" }, [
    ["publishedMessages", "published messages", "messages handed to a connection by their publisher"],
    ["expectedDeliveries", "deliveries owed", "messages published times users"],
    ["newLeaders", "new leaders", "members that led after the fault and had not before"],
    ["acceptedMessages", "accepted messages", "messages whose publisher was told that the broker has them"],
    [
      "brokerDeliveriesPerPublication",
      "broker deliveries per message",
      "nodes to which the broker handed a message, on average",
    ],
    ["deliveriesPerPublication", "deliveries per message", "users that a message reached, on average"],
  ]),
  ...entries({ unit: "count", topic: "delivery", better: "lower" }, [
    ["unsentMessages", "unsent messages", "messages due while their publisher had no connection: nothing was promised"],
  ]),
  ...entries({ unit: "share", topic: "loss" }, [
    ["refusedShareOfOutage", "refused during the outage", "rejected messages over those due while the broker was away"],
    [
      "missedShareOfOutage",
      "missed during the outage",
      "of the deliveries owed to users while they were away, from the fault on, those that never arrived",
    ],
  ]),
  ...entries({ unit: "share", topic: "loss" }, [
    [
      "cutNodeMissedShareOfOutage",
      "missed on the cut node",
      "accepted messages missing at users of the node that had no link to the broker, over those due meanwhile",
    ],
  ]),
  ...entries({ unit: "share", topic: "loss", better: "lower" }, [
    ["silentLossFraction", "silently lost share", "silent losses over the deliveries owed"],
  ]),
  ...entries({ unit: "count", topic: "loss", better: "lower" }, [
    ["missingDeliveries", "missing deliveries", "deliveries owed that never arrived, silent and declared together"],
    ["silentLossDeliveries", "silent losses", "missing, and neither the publisher nor the recipient was told"],
    [
      "declaredLossDeliveries",
      "declared losses",
      "missing, but the publisher heard that it may be lost or the recipient heard of a gap",
    ],
    ["missingDueToBrokerDeliveries", "missing: broker", "missing, and the broker had it last, or refused it"],
    ["missingDueToNodeDeliveries", "missing: node", "missing, and a node had it last, or cut its user, or was dead"],
    [
      "missingDueToLoadBalancerDeliveries",
      "missing: load balancer",
      "missing, and the load balancer had cut off the user or the publisher",
    ],
    [
      "missingDueToUsersDeliveries",
      "missing: users' process",
      "missing, and wirebench's own virtual users did not read or send it",
    ],
    [
      "missingDueToMachineDeliveries",
      "missing: machine",
      "missing after a time-out of a process that was kept from its processor core",
    ],
    [
      "missingOfUnknownCauseDeliveries",
      "missing: cause unknown",
      "missing, and what the processes on the way still know does not tell why",
    ],
    [
      "acceptedThenLostMessages",
      "accepted, then lost",
      "messages the broker had accepted for their publisher that a user never received who was owed them and connected throughout",
    ],
    ["missingWhileConnectedDeliveries", "missing while connected", "missing at a user who was connected all the time"],
    ["rejectedMessages", "rejected messages", "messages whose publisher was told that they may not arrive"],
    [
      "strayDeliveries",
      "deliveries nobody was owed",
      "arrivals of a message at a user of another room, or one that joined later",
    ],
    ["duplicatedDeliveries", "duplicated deliveries", "arrivals of a message at a user beyond the first"],
    ["reorderedDeliveries", "reordered deliveries", "arrivals after a later message of the same publisher"],
    ["corruptedDeliveries", "corrupted deliveries", "arrivals that are not, byte for byte, what was published"],
    [
      "otherNodesMissedDeliveries",
      "missed on other nodes",
      "accepted messages missing at users of nodes that nothing was done to",
    ],
    [
      "acceptedMissingDeliveries",
      "missing of the accepted",
      "deliveries owed of messages whose publisher was told that the broker has them",
    ],
    [
      "acceptedNotKeptMessages",
      "accepted, not kept",
      "accepted messages beyond those that the broker's history has in the end: whoever was away cannot get them any more",
    ],
    ["gapNotices", "gap notices", "times a user was told that messages may be missing here"],
  ]),
  ...entries({ unit: "count", topic: "loss" }, [
    ["replayedDeliveries", "replayed deliveries", "deliveries that came out of the broker's history after a reconnect"],
  ]),
  ...entries({ unit: "count", topic: "loss", better: "lower" }, [
    ["slowConsumers", "slow consumers cut", "users or nodes given up because they did not read in time"],
    ["droppedConnections", "connections dropped", "connections that ended though the user did not want it"],
    ["nodeDeaths", "nodes that died", "node processes that ended though nobody told them to"],
    ["cutWhileFrozenConnections", "cut while frozen", "connections that ended while their node stood still"],
  ]),
  ...entries({ unit: "ms", topic: "recovery", better: "lower", whenGeneratorBound: "at-most", absence: notReached }, [
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
    ["leaderElectionMs", "new leader", "from a leader's death until another was said to lead by the ensemble itself"],
    ["deliverySilenceMaxMs", "nobody received", "longest time from the fault on in which no user received anything"],
    [
      "nodeSilenceMaxMs",
      "a node received nothing",
      "longest time from the fault on in which a node handed over nothing; 0 below 250 ms",
    ],
    [
      "ensembleWholeMs",
      "whole again",
      "from the order to start what had died until every member had all messages again",
    ],
    ["linkAwayMs", "node without its broker", "from the fault until the node's subscription was live again"],
    ["linkRecoveryMs", "link back", "from when its way to the broker was whole until the node's subscription was live"],
    ["unreadyMs", "node unready", "from the fault until the load balancer knew that the node is not ready"],
    [
      "impairedNodeDeliveryMaxMs",
      "longest on the impaired node",
      "longest delay of a delivery to a user of the node whose link was cut or slow",
    ],
    ["brokerRecoveryMs", "subscriptions back", "from the broker's first answer until every subscription was live"],
  ]),
  ...entries({ unit: "share", topic: "recovery", better: "higher" }, [
    [
      "reconnectedFraction",
      "came back",
      "users cut off who were connected again before the experiment gave up waiting",
    ],
  ]),
  ...entries({ unit: "perSecond", topic: "recovery", better: "lower" }, [
    ["peakAttemptsPerSecond", "peak of attempts", "highest rate of tries to connect in a step of the series"],
  ]),
  ...entries({ unit: "count", topic: "recovery", better: "lower" }, [
    ["attempts", "attempts", "tries to connect since the users first did"],
    ["failedAttempts", "failed attempts", "those of them that were refused, cut off or too late"],
    [
      "droppedConnectionsPerUser",
      "moves per user",
      "connections that ended though the user did not want it, over the users",
    ],
    ["usersAwayMax", "most away at once", "users without a connection in the same moment"],
    ["attemptsPerUser", "attempts per user", "tries to connect over the users"],
  ]),
  ...entries({ unit: "count", topic: "spread" }, [
    ["connectionsMinPerNode", "fewest on a node", "connections of the node that has fewest"],
    ["connectionsMaxPerNode", "most on a node", "connections of the node that has most"],
    ["newcomers", "newcomers", "users who came after the node was added"],
    ["usersMovedToNewNode", "moved to the new node", "users from before who were on the new node without having left"],
  ]),
  ...entries({ unit: "ratio", topic: "spread", better: "lower" }, [
    ["connectionSpreadRatio", "most over mean", "connections of the fullest node over the mean; 1 is an even spread"],
  ]),
  ...entries({ unit: "share", topic: "spread" }, [
    ["newcomerShareOfNewNode", "newcomers on the new node", "of the users who came after it was added"],
  ]),
  ...entries({ unit: "count", topic: "spread", better: "lower" }, [
    ["usersOnDrainedNode", "left on the drained node", "users still on the node that was to be emptied"],
    ["usersBackOnDrainedNode", "came back to it", "users who left and came back to the node that was to be emptied"],
  ]),
  ...entries({ unit: "us", topic: "delay", better: "lower", whenGeneratorBound: "at-most", absence: tooFew }, [
    ["sameNodeDeliveryP50Us", "same node p50", "publisher to recipient on one node"],
    ["sameNodeDeliveryP99Us", "same node p99", "publisher to recipient on one node"],
    ["crossNodeDeliveryP50Us", "cross-node p50", "publisher to recipient on another node, through the broker"],
    ["crossNodeDeliveryP99Us", "cross-node p99", "publisher to recipient on another node, through the broker"],
    ["slowNodeDeliveryP50Us", "slow node p50", "publisher to a recipient on the node that was slowed down"],
    ["slowNodeAddedP50Us", "slow node over others p50", "median of the slow node's users less that of all others"],
    [
      "linkDelayP50Us",
      "delay of the slow link p50",
      "what the relay between a node and its broker really imposed, one way",
    ],
    ["otherNodesDeliveryP50Us", "other nodes p50", "publisher to a recipient on any other node"],
  ]),
  ...entries({ unit: "us", topic: "fanOut", better: "lower", whenGeneratorBound: "at-most", absence: tooFew }, [
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
  ...entries({ unit: "ratio", topic: "delay", better: "lower" }, [
    [
      "otherNodesOverSlowNodeRatio",
      "others over slow node",
      "median delay of the other nodes' users over that of the slow node's",
    ],
  ]),
  ...entries({ unit: "perSecond", topic: "rate", better: "higher", whenGeneratorBound: "at-least" }, [
    [
      "deliveriesPerSecond",
      "deliveries per second",
      "distinct (message, user) pairs that arrived, per second of publishing",
    ],
    ["publishedPerSecond", "published per second", "messages published per second, all users together"],
  ]),
  ...entries({ unit: "share", topic: "generator" }, [
    [
      "usersEventLoopUtilization",
      "users' process busy",
      "time the process that is the users, or the busiest of them, was not idle, which waiting for a core is not",
    ],
    ["usersCpuShare", "users' CPU", "CPU time of that process's thread over the time; near 100 % it was the limit"],
  ]),
  ...entries({ unit: "share", topic: "generator" }, [
    ["busiestNodeCpuShare", "busiest node", "CPU time of the busiest thread of any node over the time"],
    ["brokerCpuShare", "broker's CPU", "CPU time of the broker's busiest thread over the time"],
    ["balancerCpuShare", "load balancer's CPU", "CPU time of its busiest thread over the time"],
    ["idleCoresShare", "idle cores", "part of the time in which the machine's cores had nothing to do"],
  ]),
  ...entries({ unit: "ms", topic: "machine", better: "lower" }, [
    ["usersStallMaxMs", "users stood still", "longest time in which the event loop of the virtual users did not turn"],
    [
      "cpuWaitMaxMs",
      "waited for a core",
      "longest time, within one second, that a process of the cluster or its users wanted to run and had no processor core",
    ],
  ]),
  ...entries({ unit: "share", topic: "machine", better: "lower" }, [
    [
      "cpuWaitShareMax",
      "share waited for a core",
      "of the measured time, the part in which the process that waited most wanted to run and had no processor core",
    ],
  ]),
  ...costMetrics,
  ...entries({ unit: "us", topic: "cost", better: "lower" }, [
    ["nodesCpuUsPerPublication", "nodes' CPU per message", "CPU time of all nodes over the messages published"],
    ["brokerCpuUsPerPublication", "broker's CPU per message", "CPU time of the broker over the messages published"],
  ]),
  ...entries({ unit: "us", topic: "cost", better: "lower" }, [
    [
      "serverCpuUsPerDelivery",
      "nodes' CPU per delivery",
      "CPU time of all nodes in the closed loop over the deliveries they made",
    ],
  ]),
  ...entries({ unit: "memory", topic: "cost", better: "lower" }, [
    ["nodeQueueBytesMax", "longest queue", "most bytes a node held for users who did not read"],
    [
      "nodeMemoryGrowthBytes",
      "growth of a node",
      "resident memory of the fullest node at its highest, less that at the start",
    ],
  ]),
} satisfies Record<string, MetricEntry>;

export const clusterMetrics: Record<keyof typeof table, MetricEntry> = {
  ...table,
  ...(Object.fromEntries(compared.map((name) => [name, { ...table[name], compared: true }])) as Record<
    (typeof compared)[number],
    MetricEntry
  >),
};
