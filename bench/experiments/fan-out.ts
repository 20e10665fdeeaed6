import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import { brokenBy, clusterExperiment, type Variant } from "./cluster/cluster-experiment.ts";
import { nothingMissing } from "./cluster/expectations.ts";
import { ledgerMeasures, ledgerMetrics } from "./cluster/ledger-measures.ts";
import { evenUsers, realBrokers, setupOf } from "./cluster/setup.ts";
import { openLoop } from "./cluster/traffic.ts";

/** The channel has so many times the users of the other experiments. */
const usersFactor = 3;

function variants(settings: ClusterSettings): Variant[] {
  const { nodes, durationMs } = settings;
  const users = evenUsers(settings.users * usersFactor, nodes);
  const ratePerSecond = settings.ratePerSecond / 2;
  return realBrokers(settings).map((broker): Variant => {
    return {
      name: broker,
      setup: setupOf(settings, { broker, users }),
      load: { kind: "open", ratePerSecond },
      durationMs,
      expectations: [
        nothingMissing,
        {
          statement: "every message published costs one delivery for each user of the channel",
          formula: `deliveries / published = ${users}`,
          metric: "deliveriesPerPublication",
          expected: { low: users - 1e-9, high: users + 1e-9 },
        },
      ],
      trafficMs: durationMs + 500,
      run: async function* (rig) {
        const ledger = yield* openLoop(rig, { ratePerSecond, durationMs });
        return {
          ...ledgerMeasures(ledger),
          deliveriesPerPublication: ledger.deliveries / ledger.publishedMessages,
        };
      },
    };
  });
}

/** One message to a channel with many users. */
export const fanOut = clusterExperiment({
  name: "fan-out",
  group: "broadcast",
  title: "Fan-out",
  question: "One message to a channel with many users: when do the first, the median and the last recipient have it?",
  lesson:
    "In a broadcast the last recipient decides, and its delay grows with the channel: every node writes to its users one after the other. What a channel costs is its deliveries, messages times users, not its messages.",
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
  metrics: [...ledgerMetrics, "deliveriesPerPublication"],
  variants,
  sabotage: ([right]) => brokenBy(right!, { broker: "none" }, "deliveredFraction"),
});
