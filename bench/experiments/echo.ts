import type { TrafficScenario } from "./contract/scenario.ts";

export const echo: TrafficScenario = {
  name: "echo",
  title: "Echo",
  question: "How long does a message take there and back when everybody is offered the same rate?",
  loadKind: "open",
  service: "echo",
  headlineMetrics: ["scheduledP50Us"],
  warmup: () => ({ name: "warm-up", flows: { roundTrip: { kind: "closed", inFlight: 4 } } }),
  windows: (load) => [{ name: "echo", flows: { roundTrip: load } }],
};
