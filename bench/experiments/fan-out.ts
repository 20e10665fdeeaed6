import type { BrokerName } from "../../results/contract/cluster-results.ts";
import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import { nothingMissing } from "./cluster/expectations.ts";
import { ledgerMeasures } from "./cluster/ledger-measures.ts";
import { evenUsers, setupOf } from "./cluster/setup.ts";
import { chainFor, publishFor } from "./cluster/traffic.ts";
import type { Arm, Experiment } from "./contract/experiment.ts";

/** The room is this much fuller than in the other experiments. */
const crowding = 3;
const inFlight = 4;

function arms(settings: ClusterSettings): Arm[] {
  const users = evenUsers(settings.users * crowding, settings.nodes);
  return settings.brokers
    .filter((broker) => broker !== "none")
    .map((broker: BrokerName): Arm => {
      const setup = setupOf(settings, { broker, users });
      const ratePerSecond = settings.ratePerSecond / 2;
      return {
        name: broker,
        setup,
        ratePerSecond,
        settings: { publishersInTheChain: settings.nodes, inFlightPerPublisher: inFlight },
        expectations: [
          nothingMissing,
          {
            statement: "every message published costs one delivery for each user of the room",
            formula: `deliveries / published = ${users}`,
            metric: "deliveriesPerPublication",
            expected: { low: users - 1e-9, high: users + 1e-9 },
          },
        ],
        run: async (stage) => {
          const paced = ledgerMeasures(await publishFor(stage, { ...settings, ratePerSecond }));
          const { histograms } = await stage.record();
          await stage.ask("reset", undefined);
          const chain = await chainFor(stage, {
            durationMs: settings.durationMs,
            inFlight,
            publishers: settings.nodes,
          });
          // The delays are those of the paced stretch: so must be what they can be checked with.
          stage.keepHistograms(histograms);
          return {
            ...paced,
            deliveriesPerPublication: chain.deliveries / chain.publishedMessages,
            chainPublishedPerSecond: chain.publishedPerSecond,
            chainDeliveriesPerSecond: chain.deliveriesPerSecond,
            usersEventLoopUtilization: chain.usersEventLoopUtilization,
          };
        },
      };
    });
}

/** One message to a full room. */
export const fanOut: Experiment = {
  name: "fan-out",
  group: "broadcast",
  title: "Fan-out",
  question:
    "One message to a full room: when do the first, the median and the last recipient have it, and how many messages a second pass through the whole chain?",
  lesson:
    "In a broadcast the last recipient decides, and its delay grows with the room: every node writes to its users one after the other. What a room costs is its deliveries, messages times users, not its messages.",
  arms,
  broken: (settings) => {
    const right = arms(settings)[0]!;
    return { ...right, setup: { ...right.setup, broker: "none" }, fails: "deliveredFraction" };
  },
};
