/** Results of the cluster experiments for tests, with every number chosen: deterministic, and like those of a real run. */

import type {
  BrokerInfo,
  Cell,
  Event,
  Expectation,
  ExperimentInfo,
  Flag,
  MeasuredCell,
  Parameters,
  Results,
  Series,
  TargetInfo,
  Trial,
} from "../../results/contract/results.ts";
import { schemaVersion } from "../../results/contract/results.ts";
import { holdAgainst } from "../../results/summary/predictions.ts";
import { summarise } from "../../results/summary/summary.ts";

export const madeUpExperiments: readonly ExperimentInfo[] = [
  {
    name: "stickiness",
    group: "state",
    title: "Coming back to the state",
    question: "Does a user who reconnects find its session again?",
    lesson: "Stickiness is about reconnects, not about frames: a cookie helps only those who send it back.",
  },
  {
    name: "broadcast",
    group: "broadcast",
    title: "One channel over three nodes",
    question: "Does a message reach every subscriber of the channel?",
    lesson: "Without a broker a channel is as large as a node.",
  },
  {
    name: "broker-kill",
    group: "failure",
    title: "The broker is killed and comes back",
    question: "What is lost while the broker is away, and is anybody told?",
    lesson: "What keeps no messages loses those of the outage; what matters is that somebody is told.",
  },
  {
    name: "reconnect-storm",
    group: "failure",
    title: "A node is killed and its users come back",
    question: "How hard do the users hit the nodes that are left?",
    lesson: "Chance spreads the load: full jitter flattens the peak and costs little time.",
  },
  {
    name: "scaling",
    group: "scaling",
    title: "From one node to four",
    question: "How much does another node add?",
    lesson: "More nodes share the users, not the messages.",
  },
];

const madeUpParameters = ({ settings, ...over }: MadeUpParameters): Parameters => ({
  nodes: 3,
  broker: "none",
  policy: "round-robin",
  connections: 60,
  load: { kind: "open", ratePerSecond: 50 },
  payloadBytes: 256,
  ...over,
  settings: {
    cookies: "kept",
    state: "node",
    resume: false,
    backoff: "full jitter from 100 ms to 2000 ms",
    ...settings,
  },
});

type MadeUpParameters = Partial<Parameters>;

/** What a cell is made of; measures of three trials lie at, below and above those given. */
export interface MadeUpVariant {
  readonly scenario: string;
  readonly variant: string;
  readonly parameters: MadeUpParameters;
  readonly measures: Record<string, number>;
  readonly expected?: readonly [metric: string, low: number | undefined, high: number | undefined, formula: string];
  readonly events?: readonly Event[];
  readonly series?: readonly Series[];
  readonly flags?: readonly Flag[];
  readonly verdict?: MeasuredCell["validity"]["verdict"];
  /** How far the trials lie apart, as a share. */
  readonly spread?: number;
}

const trialsOf = ({ measures, events = [], series = [], spread = 0 }: MadeUpVariant): Trial[] =>
  [0, -1, 1].map((side, index) => ({
    trial: index + 1,
    state: "complete",
    startedAt: "2026-01-02T03:04:05.000Z",
    durationMs: 6000,
    windows: [],
    measures: Object.fromEntries(Object.entries(measures).map(([name, value]) => [name, value * (1 + side * spread)])),
    histograms: {},
    events: [...events],
    series: [...series],
    flags: [],
  }));

const identityOf = ({ scenario, variant, parameters }: Pick<MadeUpVariant, "scenario" | "variant" | "parameters">) => ({
  target: "websocket",
  protocol: "websocket",
  scenario,
  variant,
  parameters: madeUpParameters(parameters),
});

export function madeUpVariant(made: MadeUpVariant): MeasuredCell {
  const trials = trialsOf(made);
  const identity = identityOf(made);
  return {
    ...identity,
    state: "measured",
    validity: { verdict: made.verdict ?? "valid", flags: [...(made.flags ?? [])] },
    trials,
    ...summarise(trials, { parameters: identity.parameters, ...(made.flags && { flags: made.flags }) }),
    predictions: made.expected === undefined ? [] : [holdAgainst(expectationOf(made.expected), trials)],
  };
}

const expectationOf = ([metric, low, high, formula]: NonNullable<MadeUpVariant["expected"]>): Expectation => ({
  statement: `It is as the ${metric} says.`,
  formula,
  metric,
  expected: { ...(low !== undefined && { low }), ...(high !== undefined && { high }) },
});

/** A cell that was not measured. */
export function madeUpMissing(
  scenario: string,
  broker: string,
  state: "failed" | "not-run",
  reason: string,
): Exclude<Cell, MeasuredCell> {
  const identity = identityOf({ scenario, variant: broker, parameters: { broker } });
  return state === "failed" ? { ...identity, state, reason, trials: [] } : { ...identity, state, reason };
}

const third = 1 / 3;

const perNode = (...values: readonly number[]): Series => ({
  name: "connectionsPerNode",
  title: "Connections per node",
  x: "node",
  xs: values.map((_, index) => index + 1),
  values: [...values],
});

const stateVariants: readonly MadeUpVariant[] = [
  {
    scenario: "stickiness",
    variant: "round-robin",
    parameters: {},
    measures: { rejoinFoundFraction: 0.35, sameNodeRejoinFraction: 0.35, connectionSpreadRatio: 1 },
    expected: ["rejoinFoundFraction", 0.2, 0.47, "1/N = 1/3, give or take what 60 users allow"],
    series: [perNode(20, 20, 20)],
    spread: 0.1,
  },
  {
    scenario: "stickiness",
    variant: "sticky",
    parameters: { policy: "leastconn+cookie" },
    measures: { rejoinFoundFraction: 1, sameNodeRejoinFraction: 1, connectionSpreadRatio: 1.05 },
    expected: ["rejoinFoundFraction", 1, 1, "the cookie names the node"],
    series: [perNode(21, 20, 19)],
  },
  {
    scenario: "stickiness",
    variant: "sticky, cookies ignored",
    parameters: { policy: "leastconn+cookie", settings: { cookies: "ignored" } },
    measures: { rejoinFoundFraction: 0.3, sameNodeRejoinFraction: 0.3, connectionSpreadRatio: 1 },
    expected: ["rejoinFoundFraction", 1, 1, "an expectation that does not hold"],
    series: [perNode(20, 20, 20)],
  },
];

const fanOut = (broker: string, delivered: number, crossUs: number): MadeUpVariant => ({
  scenario: "broadcast",
  variant: broker,
  parameters: { broker },
  measures: {
    deliveredFraction: delivered,
    sameNodeDeliveredFraction: 1,
    crossNodeDeliveredFraction: delivered === 1 ? 1 : 0,
    publishedMessages: 250,
    missingDeliveries: Math.round(15_000 * (1 - delivered)),
    silentLossDeliveries: Math.round(15_000 * (1 - delivered)),
    declaredLossDeliveries: 0,
    duplicatedDeliveries: 0,
    reorderedDeliveries: 0,
    sameNodeDeliveryP50Us: 400,
    ...(delivered === 1 && {
      crossNodeDeliveryP50Us: crossUs,
      firstRecipientP50Us: 250,
      medianRecipientP50Us: crossUs * 0.9,
      lastRecipientP50Us: crossUs * 1.8,
      lastRecipientP99Us: crossUs * 6,
    }),
    deliveriesPerSecond: 3000 * delivered,
  },
  expected: ["deliveredFraction", delivered, delivered, delivered === 1 ? "N/N" : "1/N = 1/3"],
});

/** The ends of 70 steps of 100 ms. */
const overTime = { x: "timeMs", xs: Array.from({ length: 70 }, (_, index) => -900 + index * 100) };

/** Of the steps those of the outage are different. */
const outageSeries = (name: string, title: string, usual: number, during: number): Series => ({
  name,
  title,
  ...overTime,
  values: overTime.xs.map((_, index) => (index >= 20 && index < 42 ? during : usual)),
});

export const outageEvents: readonly Event[] = [
  { atMs: 1000, subject: "redis", what: "killed", kind: "fault" },
  { atMs: 1004, subject: "users", what: "first user noticed", kind: "observation" },
  { atMs: 1100, subject: "node-1", what: "not ready any more", kind: "observation" },
  { atMs: 3000, subject: "wirebench", what: "starts redis again", kind: "action" },
  { atMs: 3080, subject: "redis", what: "answers", kind: "observation" },
  { atMs: 3350, subject: "users", what: "first delivery", kind: "observation" },
  { atMs: 5600, subject: "users", what: "all caught up", kind: "observation" },
];

const killed = (broker: string, silent: number, declared: number): MadeUpVariant => ({
  scenario: "broker-kill",
  variant: broker,
  parameters: { broker, policy: "leastconn+cookie", settings: { outageMs: 2000 } },
  measures: {
    deliveredFraction: 1 - (silent + declared) / 15_000,
    missingDeliveries: silent + declared,
    silentLossDeliveries: silent,
    declaredLossDeliveries: declared,
    rejectedMessages: Math.round(declared / 60),
    duplicatedDeliveries: 0,
    firstDeliveryAfterMs: 350,
  },
  expected: ["silentLossDeliveries", 0, 0, "a publisher is told when the broker is away"],
  events: outageEvents,
  series: [
    outageSeries("connectedUsers", "connected users", 60, 60),
    outageSeries("deliveriesPerSecond", "deliveries per second", 3000, 1000),
    outageSeries("attemptsPerSecond", "tries to connect per second", 0, 0),
  ],
  spread: silent === 0 ? 0 : 0.2,
});

const storm = (variant: string, backoff: string, peak: number, lengthSteps: number): MadeUpVariant => ({
  scenario: "reconnect-storm",
  variant,
  parameters: { broker: "memory", policy: "leastconn+cookie", settings: { backoff } },
  measures: {
    foundAfterFaultFraction: 0,
    detectMs: 2,
    firstReconnectedMs: 20,
    p99ReconnectedMs: lengthSteps * 100,
    allReconnectedMs: lengthSteps * 100 + 20,
    reconnectedFraction: 1,
    peakAttemptsPerSecond: peak,
    attempts: 60,
    failedAttempts: 0,
    droppedConnections: 20,
  },
  expected: ["foundAfterFaultFraction", 0, 0, "the state died with its node"],
  events: [
    { atMs: 1000, subject: "node-2", what: "killed", kind: "fault" },
    { atMs: 1000 + lengthSteps * 100, subject: "users", what: "99 % reconnected", kind: "observation" },
  ],
  series: [
    outageSeries("connectedUsers", "connected users", 60, 40),
    {
      name: "attemptsPerSecond",
      title: "tries to connect per second",
      ...overTime,
      values: overTime.xs.map((_, index) =>
        index >= 20 && index < 20 + lengthSteps ? Math.round(peak * (1 - (index - 20) / lengthSteps)) : 0,
      ),
    },
  ],
});

const scaled = (nodes: number): MadeUpVariant => ({
  scenario: "scaling",
  variant: `redis, ${nodes}`,
  parameters: { broker: "redis", nodes },
  measures: {
    deliveriesPerSecond: scaledPerSecond(nodes),
    publishedPerSecond: scaledPerSecond(nodes) / 60,
    serverCpuUsPerDelivery: 12,
    brokerCpuUsPerMessage: 40,
    nodeMemoryBytesPerConnection: 31_000,
  },
  expected: ["deliveriesPerSecond", 1, undefined, "more than nothing"],
  ...(nodes === 4 && {
    flags: [
      { code: "users-saturated", severity: "warning", cause: "wirebench", message: "the users' process was full" },
    ],
  }),
  spread: 0.03,
});

const scaledPerSecond = (nodes: number): number =>
  (40_000 * nodes) / (1 + 0.15 * (nodes - 1) + 0.03 * nodes * (nodes - 1));

export const madeUpVariants: readonly MadeUpVariant[] = [
  ...stateVariants,
  fanOut("none", third, 0),
  fanOut("memory", 1, 600),
  fanOut("redis", 1, 900),
  fanOut("nats", 1, 850),
  fanOut("kafka", 1, 4200),
  killed("redis", 0, 6000),
  killed("nats", 30, 5900),
  killed("jetstream", 0, 0),
  storm("at once", "at once", 200, 3),
  storm("after 1000 ms", "after 1000 ms", 120, 12),
  storm("full jitter", "full jitter from 100 ms to 2000 ms", 30, 20),
  ...[1, 2, 3, 4].map(scaled),
];

export const madeUpClusterResults = (): Results =>
  clusterResultsOf([
    ...madeUpVariants.map(madeUpVariant),
    madeUpMissing(
      "broker-kill",
      "kafka",
      "not-run",
      "Kafka was not found: set KAFKA_HOME, or install Java and Maven: apt-get install openjdk-17-jre-headless maven",
    ),
    madeUpMissing("broker-kill", "redis-streams", "failed", "the users' process exited"),
  ]);

const target: TargetInfo = {
  label: "websocket",
  title: "WebSocket",
  protocol: "websocket",
  options: {},
  system: { kind: "cluster" },
  summary: "full duplex",
  specification: "RFC 6455",
  uplink: "stream",
  downlink: "stream",
  framing: "binary",
  floor: false,
  deliveryFloorMs: 0,
  position: 1,
};

const brokers: readonly BrokerInfo[] = (
  [
    ["memory", "Memory", "at-most-once", true, "total", "never", "nothing"],
    ["redis", "Redis", "at-most-once", false, "total", "never", "nothing"],
    ["redis-streams", "Redis Streams", "at-least-once", true, "total", "by the kernel", "process"],
    ["nats", "NATS", "at-most-once", false, "per-publisher", "never", "nothing"],
    ["jetstream", "JetStream", "at-least-once", true, "total", "every 2 minutes", "process"],
    ["kafka", "Kafka", "at-least-once", true, "total", "by the kernel", "process"],
  ] as const
).map(([name, title, delivery, history, order, fsync, survives]) => {
  const outage = survives === "nothing" ? "All that is published during the outage." : "Nothing that was acknowledged.";
  const durability = { fsync, replicas: 1, acknowledgedBy: 1, survives };
  return { name, title, delivery, history, order, outage, crash: "What was not synced.", durability };
});

/** Around any cells; describes the experiments and brokers they are of. */
export const clusterResultsOf = (
  cells: readonly Cell[],
  experiments: readonly ExperimentInfo[] = madeUpExperiments,
): Results => ({
  schemaVersion,
  tool: { name: "wirebench", version: "1.2.3", commit: "0123456789ab" },
  command: "wirebench cluster --preset quick",
  preset: "quick",
  seed: 7,
  startedAt: "2026-01-02T03:04:05.000Z",
  finishedAt: "2026-01-02T03:14:05.000Z",
  interrupted: false,
  environment: {
    runtime: "Node.js v24.0.0",
    os: "Linux 6.0.0 x64",
    cpu: "Example CPU",
    cores: 2,
    memoryBytes: 16 * 2 ** 30,
    loadAverage: 0.25,
    components: { HAProxy: "2.6.12", "redis-server": "7.0.15", ws: "8.0.0" },
  },
  experiments: experiments.filter(({ name }) => cells.some(({ scenario }) => scenario === name)),
  targets: cells.length === 0 ? [] : [target],
  brokers: brokers.filter(({ name }) => cells.some(({ parameters }) => parameters.broker === name)),
  cells: [...cells],
  comparisons: [],
  claims: [],
});
