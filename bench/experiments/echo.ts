import type { ServerRig } from "../rigs/server-rig.ts";
import { delaysNamed, ledgerMetrics } from "./comparison/measured.ts";
import { openLoad, type TrafficCell, trafficCells, trafficSettings } from "./comparison/traffic-cell.ts";
import { measuredInTurn, roundTripWarmup } from "./comparison/traffic-trial.ts";
import { type Experiment, exactly } from "./contract/experiment.ts";
import type { RunRequest } from "./contract/request.ts";

const cells = (request: RunRequest): TrafficCell[] =>
  trafficCells(request, {
    behaviour: { name: "traffic" },
    load: openLoad(request.traffic),
    expectations: [
      {
        statement: "every message comes back",
        formula: "sent - received = 0",
        metric: "lostMessages",
        expected: exactly(0),
      },
    ],
  });

/** Round-trip delay at the same offered rate for everybody. */
export const echo: Experiment<TrafficCell, ServerRig> = {
  name: "echo",
  group: "latency",
  title: "Echo",
  question: "How long does a round trip take when every target is offered the same rate?",
  follows: [...trafficSettings, "ratePerSecond", "arrivals"],
  metrics: [
    ...delaysNamed("scheduled", "roundTrip", "dispatch", "connect"),
    "achievedRatePerSecond",
    "serverCpuUsPerMessage",
    "generatorCpuUsPerMessage",
    "pacingPeriodUs",
    "generatorMessagesPerWrite",
    "wireBytesPerMessage",
    "overheadBytesPerMessage",
    "wireBytesPerConnection",
    ...ledgerMetrics,
  ],
  cells,
  ...measuredInTurn(({ load }) => ({
    warmup: roundTripWarmup,
    windows: [{ name: "echo", flows: { roundTrip: load } }],
  })),
  /** A server that swallows every tenth message. */
  sabotage: (request) => ({
    cell: {
      ...cells(request)[0]!,
      behaviour: { name: "known-answer", script: { echo: { kind: "drop", every: 10, at: 3 } } },
    },
    fails: "lostMessages",
  }),
};
