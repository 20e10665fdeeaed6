import type { ServerRig } from "../rigs/server-rig.ts";
import { delaysNamed, ledgerMetrics } from "./comparison/measured.ts";
import { denser, needsPush } from "./comparison/one-way.ts";
import { openLoad, type TrafficCell, trafficCells, trafficSettings } from "./comparison/traffic-cell.ts";
import { measuredInTurn } from "./comparison/traffic-trial.ts";
import { type Experiment, exactly } from "./contract/experiment.ts";
import type { RunRequest } from "./contract/request.ts";

const cells = (request: RunRequest): TrafficCell[] =>
  trafficCells(request, {
    behaviour: { name: "traffic" },
    load: openLoad(request.traffic),
    windows: 3,
    expectations: [
      {
        claim: "ws-duplex",
        statement: "everything sent in either direction arrives before the drain is over",
        formula: "sent - received - lost = 0",
        metric: "censoredMessages",
        expected: exactly(0),
      },
    ],
  });

/** One-way delay of each direction, alone and with the other busy. */
export const duplex: Experiment<TrafficCell, ServerRig> = {
  name: "duplex",
  group: "latency",
  title: "Duplex",
  question: "How long does a message take one way, and how much slower is it when the other direction is busy too?",
  follows: [...trafficSettings, "ratePerSecond", "arrivals"],
  metrics: [
    ...delaysNamed("uplink", "downlink", "uplinkAlone", "downlinkAlone"),
    "uplinkInterferenceP50Ratio",
    "downlinkInterferenceP50Ratio",
    "achievedRatePerSecond",
    "connectionsPerMessage",
    "pacingPeriodUs",
    "generatorMessagesPerWrite",
    ...ledgerMetrics,
  ],
  cells,
  unfit: needsPush("one-way delays need"),
  ...measuredInTurn(({ load }) => ({
    warmup: { name: "warm-up", flows: { uplink: denser(load), downlink: denser(load) } },
    windows: [
      { name: "uplink alone", flows: { uplink: load } },
      { name: "downlink alone", flows: { downlink: load } },
      { name: "together", flows: { uplink: load, downlink: load } },
    ],
  })),
  /** A server that echoes, and so neither counts what arrives nor sends by itself. */
  sabotage(request) {
    const cell = cells(request)[0]!;
    return {
      cell: { ...cell, behaviour: { name: "echo" }, parameters: { ...cell.parameters, warmupMs: 0 } },
      fails: "censoredMessages",
    };
  },
};
