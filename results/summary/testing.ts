/** Cells of the experiment `cost` as a cluster of known costs would have given them, for tests. */
import { seededRandom } from "../../protocol/random.ts";
import type { MeasuredCell } from "../contract/results.ts";
import { costExperiment } from "../metrics/cost-metrics.ts";
import { type CostWindow, recordCosts } from "../recording/cost-windows.ts";
import { dot } from "../statistics/non-negative-fit.ts";
import { wakeUpsOf } from "../statistics/wake-ups.ts";
import { type Costs, usPerSecond } from "./costs.ts";
import { summarise } from "./summary.ts";

const law = (perArrival: number[], perSecondMax = 5000) => ({ perArrival, perSecondMax });

/** In microseconds; the order of `usPer` is that of `arrivalKinds`. */
export const knownCosts = {
  node: { idleUsPerSecond: 3000, usPerWakeUp: 70, usPer: [40, 5, 9], law: law([1, 1, 0]) },
  proxy: { idleUsPerSecond: 500, usPerWakeUp: 30, usPer: [8, 4], law: law([3, 0.1], 10_000) },
  broker: { idleUsPerSecond: 1500, usPerWakeUp: 60, usPer: [3, 1], law: law([1, 0]) },
} as const satisfies Record<string, Costs>;

export type KnownCosts = Record<keyof typeof knownCosts, Costs>;

/** Messages per second, deliveries of each, listening nodes, and in flight per publisher. */
const loads: readonly (readonly [number, number, number, number])[] = [
  [0, 4, 0, 0],
  [800, 4, 0, 0],
  [2000, 4, 0, 0],
  [7000, 4, 0, 16],
  [0, 4, 2, 0],
  [200, 4, 2, 0],
  [800, 4, 2, 0],
  [2000, 4, 2, 0],
  [1500, 4, 2, 1],
  [9000, 4, 2, 16],
  [200, 20, 2, 0],
  [800, 20, 2, 0],
  [1500, 20, 2, 2],
];

/** Each number off by up to `scatter` of itself. */
export function costCell(
  broker: string,
  costs: KnownCosts = knownCosts,
  { scatter = 0.05, seed = 1 } = {},
): MeasuredCell {
  const random = seededRandom(seed);
  const off = (): number => 1 + scatter * (2 * random() - 1);
  const windows = loads.map(([messages, users, listeningNodes, inFlightMessages]) => {
    const ms = 1000;
    const work = (own: Costs, rates: readonly number[], cores: number, nodes = 1) => {
      // What is in flight together wakes a program up once.
      const wakeUps = wakeUpsOf(own.law, rates, Math.min(0.9, usPerSecond(own, rates, cores) / 1e6 / cores));
      const woken = inFlightMessages > 0 ? wakeUps / inFlightMessages : wakeUps;
      const paced = usPerSecond(own, rates, cores);
      const batched = own.idleUsPerSecond + own.usPerWakeUp * woken + dot(own.usPer, rates);
      return {
        cpuUs: (inFlightMessages > 0 ? batched : paced) * nodes * off(),
        wakeUps: woken * nodes * off(),
        waitedUs: 0,
      };
    };
    const window: CostWindow = {
      meteredMs: ms,
      trafficMs: ms,
      inFlightMessages,
      publications: messages,
      deliveries: messages * users,
      wireBytes: messages * users * 300,
      listeningNodes,
      work: {
        node: work(costs.node, [messages, messages, messages * users], 1),
        ...(listeningNodes > 0 && { listeners: work(costs.node, [0, messages, 0], 1, listeningNodes) }),
        proxy: work(costs.proxy, [messages, messages * users], 2),
        broker: work(costs.broker, [messages, messages * (1 + listeningNodes)], broker === "redis" ? 1 : 2),
      },
    };
    return { name: "traffic", startMs: 0, durationMs: ms, histograms: {}, measures: recordCosts(window) };
  });
  const measures = { nodeMemoryBytesBase: 40e6, nodeMemoryBytesPerConnection: 20_000, deliveredFraction: 1 };
  const trials: MeasuredCell["trials"] = [
    {
      trial: 1,
      state: "complete",
      startedAt: "2026-01-02T03:04:05.000Z",
      durationMs: 9000,
      windows,
      measures,
      histograms: {},
      events: [],
      series: [],
      flags: [],
    },
  ];
  return {
    target: "websocket",
    protocol: "websocket",
    scenario: costExperiment,
    variant: broker,
    parameters: { connections: 4, payloadBytes: 256, nodes: 1, broker, settings: {} },
    state: "measured",
    validity: { verdict: "valid", flags: [] },
    trials,
    ...summarise(trials),
    predictions: [],
  };
}
