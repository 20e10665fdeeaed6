import type { Scenario } from "../scenario.ts";

export const duplex: Scenario = {
  name: "duplex",
  title: "Duplex",
  question: "How long does a message take one way, and what does it cost one direction that the other is busy too?",
  loadKind: "open",
  service: "one-way",
  windows: (load) => [
    { name: "uplink alone", flows: { uplink: load } },
    { name: "downlink alone", flows: { downlink: load } },
    { name: "together", flows: { uplink: load, downlink: load } },
  ],
};
