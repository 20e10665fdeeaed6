import type { ServerRig } from "../rigs/server-rig.ts";
import { delaysNamed, ledgerMetrics } from "./comparison/measured.ts";
import { closedLoad, type TrafficCell, trafficCells, trafficSettings } from "./comparison/traffic-cell.ts";
import { measuredInTurn, roundTripWarmup } from "./comparison/traffic-trial.ts";
import { type Experiment, exactly } from "./contract/experiment.ts";
import type { RunRequest } from "./contract/request.ts";

const cells = (request: RunRequest): TrafficCell[] =>
  trafficCells(request, {
    behaviour: { name: "traffic" },
    load: closedLoad(request.traffic),
    expectations: [
      {
        statement: "no message is answered twice",
        formula: "arrivals - messages = 0",
        metric: "duplicatedMessages",
        expected: exactly(0),
      },
    ],
  });

/** Round trips per second of a closed loop. */
export const throughput: Experiment<TrafficCell, ServerRig> = {
  name: "throughput",
  group: "throughput",
  title: "Throughput",
  question: "How many round trips per second are carried when each response releases the next message?",
  follows: [...trafficSettings, "inFlight"],
  metrics: [
    "achievedRatePerSecond",
    ...delaysNamed("roundTrip"),
    "serverCpuUsPerMessage",
    "generatorCpuUsPerMessage",
    "generatorMessagesPerWrite",
    ...ledgerMetrics,
  ],
  cells,
  ...measuredInTurn(({ load }) => ({
    warmup: roundTripWarmup,
    windows: [{ name: "throughput", flows: { roundTrip: load } }],
  })),
  /** A server that answers every tenth message twice. */
  sabotage: (request) => ({
    cell: {
      ...cells(request)[0]!,
      behaviour: { name: "known-answer", script: { throughput: { kind: "duplicate", every: 10, at: 3 } } },
    },
    fails: "duplicatedMessages",
  }),
};
