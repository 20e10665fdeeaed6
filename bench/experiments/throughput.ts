import { ServerRig } from "../rigs/server-rig.ts";
import { delaysNamed, ledgerMetrics } from "./comparison/measured.ts";
import {
  closedLoad,
  type TrafficCell,
  trafficCells,
  trafficParameters,
  trafficSettings,
} from "./comparison/traffic-cell.ts";
import { trafficMsOf, trafficTrial } from "./comparison/traffic-trial.ts";
import { type Experiment, exactly } from "./contract/experiment.ts";
import type { RunRequest } from "./contract/request.ts";

const cells = (request: RunRequest): TrafficCell[] =>
  trafficCells(request, {
    behaviour: { name: "echo" },
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
    ...ledgerMetrics,
  ],
  isolation: "exclusive",
  cells,
  open: ServerRig.open,
  measure(rig, cell) {
    const { load } = trafficParameters(cell);
    return trafficTrial(rig, cell, {
      warmup: { name: "warm-up", flows: { roundTrip: load } },
      windows: [{ name: "throughput", flows: { roundTrip: load } }],
    });
  },
  trafficMs: (cell) => trafficMsOf(cell, 1),
  /** A server that answers every tenth message twice. */
  sabotage: (request) => ({
    cell: {
      ...cells(request)[0]!,
      behaviour: { name: "known-answer", script: { throughput: { kind: "duplicate", every: 10, at: 3 } } },
    },
    fails: "duplicatedMessages",
  }),
};
