import { scalingExperiment } from "../../results/summary/scaling.ts";
import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import { brokenBy, clusterExperiment, type Variant } from "./cluster/cluster-experiment.ts";
import { coresMetrics } from "./cluster/cores.ts";
import { nothingMissing } from "./cluster/expectations.ts";
import { ledgerMeasures, ledgerMetrics } from "./cluster/ledger-measures.ts";
import { evenUsers, realBrokers, setupOf } from "./cluster/setup.ts";
import { closedLoop } from "./cluster/traffic.ts";

const inFlight = 4;

function variants(settings: ClusterSettings): Variant[] {
  const { durationMs } = settings;
  const users = evenUsers(settings.users, Math.max(...settings.nodeCounts));
  const variant = (broker: string, nodes: number): Variant => ({
    name: `${broker}, ${nodes} node${nodes > 1 ? "s" : ""}`,
    setup: setupOf(settings, { broker, nodes, users }),
    load: { kind: "closed", inFlight },
    durationMs,
    settings: { inFlightPerPublisher: inFlight, publishers: users },
    expectations: [nothingMissing],
    trafficMs: durationMs + 500,
    run: async function* (rig) {
      const { ledger, cores } = yield* closedLoop(rig, { durationMs, inFlight });
      return { ...ledgerMeasures(ledger), ...cores };
    },
  });
  return realBrokers(settings).flatMap((broker) => settings.nodeCounts.map((nodes) => variant(broker, nodes)));
}

/** The same channel on more and more nodes. */
export const scaling = clusterExperiment({
  name: scalingExperiment,
  group: "scaling",
  title: "More nodes",
  question: "The same users and the same traffic on more and more nodes: how does the throughput of the whole change?",
  lesson:
    "In a broadcast every node hears every message, so more nodes share the writing to users and multiply the reading from the broker. What part is shared and what is not, the Universal Scalability Law tells as two numbers. On one machine the nodes also share its cores: once those are full, a throughput only says what the nodes can do at least, and what more nodes cost is told by the CPU time of a delivery.",
  follows: ["users", "payloadBytes", "durationMs", "nodeCounts", "brokers", "policy", "protocol"],
  metrics: [...ledgerMetrics, ...coresMetrics],
  variants,
  sabotage: (cells) => brokenBy(cells.at(-1)!, { broker: "none" }, "deliveredFraction"),
});
