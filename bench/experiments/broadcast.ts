import type { ClusterRig } from "../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings, Setup } from "../rigs/cluster/cluster-setup.ts";
import { balancedAs } from "../targets/balanced-protocols.ts";
import { brokenBy, clusterExperiment, type Variant } from "./cluster/cluster-experiment.ts";
import {
  type Expectation,
  nobodyCut,
  nothingMissing,
  nothingTwice,
  percent,
  publisherOrderKept,
} from "./cluster/expectations.ts";
import { ledgerMeasures, ledgerMetrics } from "./cluster/ledger-measures.ts";
import { realBrokers, setupOf } from "./cluster/setup.ts";
import { openLoop } from "./cluster/traffic.ts";
import { exactly } from "./contract/experiment.ts";

async function* everybodyPublishes(rig: ClusterRig, { ratePerSecond, durationMs }: ClusterSettings) {
  const ledger = yield* openLoop(rig, { ratePerSecond, durationMs });
  return {
    ...ledgerMeasures(ledger),
    connectionsMaxPerNode: Math.max(...Object.values(rig.atStart.perNode)),
    droppedConnections: (await rig.users.outages()).length,
  };
}

/** Else a broadcast would reach everybody without a broker. */
const spread = ({ nodes, users, protocol }: Setup): Expectation =>
  balancedAs(protocol) === "requests"
    ? {
        statement: "the users are on several nodes, so that some can only be reached through what is between the nodes",
        formula: `most on a node < users = ${users}`,
        metric: "connectionsMaxPerNode",
        expected: { low: Math.ceil(users / nodes), high: users - 1 },
      }
    : {
        statement:
          "the users are spread evenly over all nodes, so that most can only be reached through what is between the nodes",
        formula: `users / N = ${users} / ${nodes}`,
        metric: "connectionsMaxPerNode",
        expected: exactly(users / nodes),
      };

/** Every node has users / N users and only hears what its own users publish, or what falls to it. */
const onlyOneNode = (setup: Setup, claim: string, statement: string): Expectation => ({
  claim,
  statement,
  formula: `1 / N = 1 / ${setup.nodes} = ${percent(1 / setup.nodes)}, with users / N users on every node`,
  metric: "deliveredFraction",
  // Exact but for the last bit of a quotient.
  expected: { low: 1 / setup.nodes - 1e-9, high: 1 / setup.nodes + 1e-9 },
});

const sameNodeOnly: Expectation = {
  claim: "bus-local-only",
  statement: "all users of the publisher's own node get the message",
  formula: "delivered / expected on the same node = 1",
  metric: "sameNodeDeliveredFraction",
  expected: exactly(1),
};

function variants(settings: ClusterSettings): Variant[] {
  const { ratePerSecond, durationMs } = settings;
  const variant = (name: string, own: Partial<Setup>, expect: (setup: Setup) => Expectation[]): Variant => {
    const setup = setupOf(settings, own);
    return {
      name,
      setup,
      load: { kind: "open", ratePerSecond },
      durationMs,
      expectations: [...expect(setup), spread(setup), nothingTwice, publisherOrderKept, nobodyCut],
      trafficMs: durationMs + 500,
      run: (rig) => everybodyPublishes(rig, settings),
    };
  };
  const local = "without a broker a message reaches only the users of the node it was published at";
  const shared = "nodes in one consumer group share the messages: each reaches the users of one node only";
  const overBrokers = realBrokers(settings).map((broker) =>
    variant(broker, { broker }, () => [{ ...nothingMissing, claim: "bus-pubsub" }]),
  );
  // Where nobody stays on a node for long, they are not spread evenly, and 1 / N is not the share.
  if (balancedAs(settings.protocol) === "requests") return overBrokers;
  return [
    variant("no broker", { broker: "none" }, (setup) => [onlyOneNode(setup, "bus-local-only", local), sameNodeOnly]),
    ...overBrokers,
    ...(settings.brokers.includes("kafka")
      ? [
          variant("kafka, one shared consumer group", { broker: "kafka", sharedConsumerGroup: true }, (setup) => [
            onlyOneNode(setup, "bus-pubsub", shared),
          ]),
        ]
      : []),
  ];
}

/** Who gets a broadcast? (B1 to B3) */
export const broadcast = clusterExperiment({
  name: "broadcast",
  group: "broadcast",
  title: "Broadcasting across nodes",
  question:
    "A user publishes to everybody. Which share of the users gets it: without a broker, with each broker, and with a consumer group shared by mistake?",
  lesson:
    "A server can only send to the connections it has. Without something between the nodes a broadcast reaches the publisher's node and no other; with publish/subscribe every node hears of every message. A Kafka consumer group divides the messages among its members, which is right for work and wrong for a broadcast: each node needs a position of its own.",
  follows: [
    "nodes",
    "balancer",
    "users",
    "ratePerSecond",
    "payloadBytes",
    "durationMs",
    "brokers",
    "policy",
    "protocol",
  ],
  metrics: [...ledgerMetrics, "connectionsMaxPerNode", "droppedConnections"],
  variants,
  sabotage: ([, right]) => brokenBy(right!, { broker: "none" }, "deliveredFraction"),
});
