import type { TrafficScenario } from "./contract/scenario.ts";

export const throughput: TrafficScenario = {
  name: "throughput",
  title: "Throughput",
  question: "How many round trips a second does it carry when every answer is followed by the next message?",
  loadKind: "closed",
  service: "echo",
  headlineMetrics: ["achievedRatePerSecond"],
  warmup: (load) => ({ name: "warm-up", flows: { roundTrip: load } }),
  windows: (load) => [{ name: "throughput", flows: { roundTrip: load } }],
};
