import type { RestingScenario } from "./contract/scenario.ts";

export const idle: RestingScenario = {
  name: "idle",
  title: "Idle",
  question: "What does a user cost who is connected and says nothing?",
  loadKind: "none",
  service: "echo",
  headlineMetrics: ["memoryBytesPerConnection"],
};
