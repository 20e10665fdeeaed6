import type { Load } from "../../results/contract/results.ts";
import type { TrafficScenario } from "./contract/scenario.ts";

/** One-way traffic has no answers to pace it, so its warm-up is a higher rate. */
const denser = (load: Load): Load => (load.kind === "open" ? { ...load, ratePerSecond: load.ratePerSecond * 4 } : load);

export const duplex: TrafficScenario = {
  name: "duplex",
  title: "Duplex",
  question: "How long does a message take one way, and what does it cost one direction that the other is busy too?",
  loadKind: "open",
  service: "one-way",
  headlineMetrics: ["uplinkP50Us", "downlinkP50Us"],
  warmup: (load) => ({ name: "warm-up", flows: { uplink: denser(load), downlink: denser(load) } }),
  windows: (load) => [
    { name: "uplink alone", flows: { uplink: load } },
    { name: "downlink alone", flows: { downlink: load } },
    { name: "together", flows: { uplink: load, downlink: load } },
  ],
};
