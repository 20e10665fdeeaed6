import type { BrokerName } from "../../results/contract/cluster-results.ts";
import { scalingExperiment } from "../../results/summary/scaling.ts";
import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import { nothingMissing } from "./cluster/expectations.ts";
import { ledgerMeasures } from "./cluster/ledger-measures.ts";
import { evenUsers, setupOf } from "./cluster/setup.ts";
import { chainFor } from "./cluster/traffic.ts";
import type { Arm, Experiment } from "./contract/experiment.ts";

const inFlight = 2;

function arms(settings: ClusterSettings): Arm[] {
  const users = evenUsers(settings.users, Math.max(...settings.nodeCounts));
  const arm = (broker: BrokerName, nodes: number): Arm => ({
    name: `${broker}, ${nodes} node${nodes > 1 ? "s" : ""}`,
    setup: setupOf(settings, { broker, nodes, users }),
    settings: { inFlightPerPublisher: inFlight, publishers: users },
    expectations: [nothingMissing],
    run: async (stage) => ledgerMeasures(await chainFor(stage, { durationMs: settings.durationMs, inFlight })),
  });
  return settings.brokers
    .filter((broker) => broker !== "none")
    .flatMap((broker) => settings.nodeCounts.map((nodes) => arm(broker, nodes)));
}

/** The same room on more and more nodes. */
export const scaling: Experiment = {
  name: scalingExperiment,
  group: "scaling",
  title: "More nodes",
  question: "The same users and the same traffic on 1, 2, 4, 8 nodes: how does the throughput of the whole change?",
  lesson:
    "In a broadcast every node hears every message, so more nodes share the writing to users and multiply the reading from the broker. What part is shared and what is not, the Universal Scalability Law tells as two numbers. On one machine the nodes also share its cores, so what is seen here is the cost of coordination, not the gain of more machines.",
  arms,
  broken: (settings) => {
    const right = arms(settings).at(-1)!;
    return { ...right, setup: { ...right.setup, broker: "none" }, fails: "deliveredFraction" };
  },
};
