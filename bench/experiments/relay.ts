import type { WindowPlan } from "../../load/flows/window.ts";
import type { Expectation, Window } from "../../results/contract/results.ts";
import { delayMeasures, recordedDelay } from "../../results/recording/delays.ts";
import { joinSlices } from "../../results/recording/slices.ts";
import { trafficMeasures } from "../../results/recording/traffic-measures.ts";
import type { RigContext } from "../rigs/rig.ts";
import { ServerRig } from "../rigs/server-rig.ts";
import {
  type ExchangeCell,
  embeddedWithout,
  exchangeCell,
  isNative,
  whyNoExchange,
} from "./comparison/exchange-cell.ts";
import { delaysNamed, ledgerMetrics } from "./comparison/measured.ts";
import { openLoad, type TrafficCell, trafficParameters, trafficSettings } from "./comparison/traffic-cell.ts";
import { roundTripWarmup, trafficTrial } from "./comparison/traffic-trial.ts";
import { type Experiment, exactly, type Outcome } from "./contract/experiment.ts";
import type { RunRequest } from "./contract/request.ts";

export interface RelayCell extends ExchangeCell {
  /** An echo of the same target, measured in turn with the relay: what the detour is compared with. */
  readonly echo?: TrafficCell;
}

/** Ways to an answer on one connection, which tell the cost of the path from the cost of the stanza. */
const crossChecks = [
  ["self", "message to oneself"],
  ["request", "request to oneself"],
  ["ping", "ping of the server"],
] as const;

const nothingLost: Expectation & { metric: "lostMessages" } = {
  statement: "every message is answered",
  formula: "sent - received = 0",
  metric: "lostMessages",
  expected: exactly(0),
};

const detour: Expectation & { metric: "relayOverEchoP50Ratio" } = {
  statement: "an answer from another user takes longer than one from the server",
  formula: "four crossings of a socket instead of two: p50 of the relay / p50 of the echo of the same trial > 1",
  metric: "relayOverEchoP50Ratio",
  expected: { low: 1 },
};

function cells(request: RunRequest): RelayCell[] {
  const { traffic, targets } = request;
  // Half of the users send, the others answer.
  const pairs = Math.max(1, Math.floor(traffic.connections / 2));
  const asked = { ...request, traffic: { ...traffic, connections: pairs, workers: Math.min(traffic.workers, pairs) } };
  const load = openLoad(traffic);
  return targets.flatMap((target): RelayCell[] => {
    const relay = exchangeCell(target, asked, {
      exchange: "relay",
      variant: "relay",
      application: { name: "relay" },
      load,
      windows: 2,
      expectations: [nothingLost, detour],
    });
    const echo = exchangeCell(target, asked, { variant: "echo", load, windows: 2, expectations: [] });
    const { parameters } = relay;
    return [
      { ...relay, parameters: { ...parameters, settings: { partners: pairs } }, echo },
      ...crossChecks.flatMap(([exchange, variant]) =>
        isNative(target, exchange)
          ? [exchangeCell(target, asked, { exchange, variant, load, expectations: [nothingLost] })]
          : [],
      ),
    ];
  });
}

const windowOf = (name: string, { load }: ReturnType<typeof trafficParameters>): WindowPlan => ({
  name,
  flows: { roundTrip: load },
});

/** Rigs of echoes, by the rig of the relay they are measured in turn with. */
const echoes = new WeakMap<ServerRig, ServerRig>();

async function open(cell: RelayCell, context: RigContext): Promise<ServerRig> {
  const rig = await ServerRig.open(cell, context);
  if (cell.echo === undefined) return rig;
  try {
    const echo = await ServerRig.open(cell.echo, context);
    rig.own(echo);
    echoes.set(rig, echo);
    return rig;
  } catch (error) {
    await rig[Symbol.asyncDispose]();
    throw error;
  }
}

async function* measure(rig: ServerRig, cell: RelayCell): AsyncGenerator<Window, Outcome> {
  const parameters = trafficParameters(cell);
  const echo = echoes.get(rig);
  if (echo === undefined) {
    return yield* trafficTrial(rig, cell, { warmup: roundTripWarmup, windows: [windowOf(cell.variant, parameters)] });
  }
  const { warmupMs, slices, durationMs, drainMs, rampUpMs } = parameters;
  for (const one of [rig, echo]) {
    await one.connectAll();
    if (warmupMs > 0) await one.warmUp(roundTripWarmup, warmupMs, drainMs);
  }
  const ways = [
    ["echo", echo],
    ["relay", rig],
  ] as const;
  const seen: Window[] = [];
  for (let slice = 0; slice < slices; slice++) {
    for (const [name, one] of slice % 2 === 0 ? ways : ways.toReversed()) {
      const times = { rampUpMs, durationMs: durationMs / slices, drainMs };
      const window = await one.window(windowOf(name, parameters), times);
      seen.push(window);
      yield window;
      if (one.failure !== undefined) throw new Error(one.failure);
    }
  }
  const windows = ways.flatMap(([name]) => joinSlices(seen.filter((window) => window.name === name)));
  const { histograms } = await rig.record();
  const measures = trafficMeasures({ windows, histograms }, cell.parameters);
  const { echoP50Us: echoUs } = delayMeasures("echo", recordedDelay({ windows, histograms: {} }, "echo"));
  const { roundTripP50Us: relayUs } = measures;
  if (echoUs === undefined || relayUs === undefined) return { windows, measures };
  return { windows, measures: { ...measures, echoP50Us: echoUs, relayOverEchoP50Ratio: relayUs / echoUs } };
}

/** From one user to another and back. */
export const relay: Experiment<RelayCell, ServerRig> = {
  name: "relay",
  group: "latency",
  title: "Relay: from one user to another and back",
  question: "How long does an answer take that another user gives, and what of it is the detour?",
  lesson:
    "An echo is answered by the server; people are answered by people, and the message crosses four sockets instead of two. A protocol with addresses brings the relay along. On one without, the application builds it: a name for each conversation, a table of who is where, and what happens when one of the two leaves.",
  presets: ["full"],
  follows: [...trafficSettings, "ratePerSecond", "arrivals"],
  metrics: [
    ...delaysNamed("scheduled", "roundTrip", "dispatch"),
    "echoP50Us",
    "relayOverEchoP50Ratio",
    "achievedRatePerSecond",
    "serverCpuUsPerMessage",
    "generatorCpuUsPerMessage",
    "pacingPeriodUs",
    "wireBytesPerMessage",
    ...ledgerMetrics,
  ],
  isolation: "exclusive",
  cells,
  unfit: whyNoExchange,
  open,
  measure,
  trafficMs(cell) {
    const { slices, rampUpMs, durationMs } = trafficParameters(cell);
    return (cell.echo === undefined ? 1 : 2) * (slices * rampUpMs + durationMs);
  },
  /** A relay that swallows every tenth message of a user. */
  sabotage(request) {
    const [cell] = cells({ ...request, targets: [embeddedWithout("relay")] });
    return {
      cell: { ...cell!, behaviour: { name: "relay", drop: { window: "relay", every: 10 } } },
      fails: "lostMessages",
    };
  },
};
