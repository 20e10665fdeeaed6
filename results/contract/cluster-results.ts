/**
 * The contract of results.json of `wirebench cluster`: the cells are arms of experiments. One zod definition gives the
 * types, the check on reading and, beside that of a comparison, the JSON Schema.
 */
import { z } from "zod";

export const brokerNames = ["none", "memory", "redis", "redis-streams", "nats", "jetstream", "kafka"] as const;
export const policies = ["round-robin", "sticky"] as const;
export const experimentGroups = ["state", "broadcast", "failure", "scaling"] as const;
/** `not-measured`: the arm did not get so far that the prediction could be tested. */
export const predictionVerdicts = ["held", "failed", "not-measured"] as const;

const count = z.number().int().nonnegative();
const positive = z.number().positive();

const parameters = z.object({
  arm: z.string().describe("What sets this cell apart from the others of its experiment; unique within it."),
  nodes: count.min(1),
  broker: z.enum(brokerNames),
  policy: z.enum(policies).describe("round-robin: no stickiness. sticky: leastconn and a cookie that names the node."),
  users: count.min(1).describe("Simulated users, one connection each."),
  cookies: z.enum(["kept", "ignored"]).describe("Whether users send back the cookies they are given."),
  state: z.enum(["node", "outside"]).describe("Where a session's state is kept."),
  resume: z.boolean().describe("Whether users ask for what they missed when they come back."),
  backoff: z.string().describe("How users wait before they reconnect, in words with its numbers."),
  ratePerSecond: positive.optional().describe("Messages published per second over all users, open loop."),
  payloadBytes: count,
  settings: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .describe("What else this arm changes, by name."),
});

/** One thing that happened, for the sequence-of-events chart. */
const event = z.object({
  atMs: z.number().describe("After the start of the arm's measurement; before it negative."),
  subject: z.string().describe("Who: `node 2`, `redis`, `haproxy`, `users`, `wirebench`."),
  what: z.string().describe("In words: `killed`, `first user noticed`, `99 % reconnected`."),
  kind: z.enum(["fault", "action", "observation"]),
});

const series = z.object({
  name: z.string().describe("Quantity and unit, e.g. `connectedUsers`, `deliveriesPerSecond`."),
  title: z.string(),
  stepMs: positive,
  startMs: z
    .number()
    .describe("Start of the first step, on the clock of the events; a count stands for the end of its step."),
  values: z.array(z.number()),
});

const trial = z.object({
  trial: count.min(1),
  startedAt: z.iso.datetime(),
  durationMs: z.number().nonnegative(),
  measures: z.record(z.string(), z.number()).describe("By metric name, quantity, statistic and unit."),
  histograms: z.record(z.string(), z.string()).describe("HdrHistogram V2, compressed, base64, nanoseconds."),
  events: z.array(event),
  series: z.array(series),
  connectionsPerNode: z.record(z.string(), count).optional().describe("At the end of the arm, as the users know it."),
});

const prediction = z.object({
  claim: z.string().optional().describe("Id of the taught statement this puts to the test."),
  statement: z.string().describe("What is expected, in words, fixed before the arm runs."),
  formula: z.string().describe("Where the number comes from, with the numbers put in."),
  metric: z.string(),
  expected: z.object({ low: z.number(), high: z.number() }).describe("Inclusive; equal for an exact prediction."),
  measured: z.number().optional(),
  verdict: z.enum(predictionVerdicts),
});

const interval = z
  .object({ value: z.number(), low: z.number(), high: z.number() })
  .describe("Median, lowest and highest of the trials, which are few: no confidence is claimed.");

const flag = z.object({ code: z.string(), severity: z.enum(["fatal", "warning"]), message: z.string() });

const identity = {
  target: z.string().describe("Protocol, broker and arm, as one label."),
  protocol: z.string(),
  scenario: z.string().describe("Name of the experiment."),
  parameters,
};

const cell = z.discriminatedUnion("state", [
  z.object({
    ...identity,
    state: z.literal("measured"),
    validity: z.object({ verdict: z.enum(["valid", "generator-bound", "invalid"]), flags: z.array(flag) }),
    trials: z.array(trial).min(1),
    summary: z.record(z.string(), interval),
    predictions: z.array(prediction),
  }),
  z.object({ ...identity, state: z.literal("failed"), reason: z.string() }),
  z.object({ ...identity, state: z.literal("not-run"), reason: z.string() }),
]);

const experiment = z.object({
  name: z.string(),
  group: z.enum(experimentGroups),
  title: z.string(),
  question: z.string(),
  lesson: z.string().describe("What one should take away, in a few sentences, whatever the numbers."),
});

const broker = z.object({
  name: z.enum(brokerNames),
  title: z.string(),
  delivery: z.enum(["at-most-once", "at-least-once"]),
  history: z.boolean(),
  order: z.enum(["total", "per-publisher"]),
  outage: z.string(),
});

const interval95 = z.object({ value: z.number(), low: z.number(), high: z.number() });

/** Universal Scalability Law: X(N) = λN / (1 + σ(N−1) + κN(N−1)) (Gunther 2007). */
const scalingFit = z.object({
  broker: z.enum(brokerNames),
  points: z.array(z.object({ nodes: count.min(1), deliveriesPerSecond: z.number().nonnegative() })),
  fit: z
    .object({
      perNodePerSecond: interval95.describe("λ: what one node alone would do."),
      contention: interval95.describe("σ: the share that is serialised."),
      coherency: interval95.describe("κ: the cost of nodes agreeing pairwise."),
      peakNodes: z.number().optional().describe("Beyond this the throughput falls; absent where κ is 0."),
      worstResidualShare: z.number().nonnegative(),
    })
    .optional()
    .describe("Absent where there are too few points, or the law does not describe them."),
  reason: z.string().optional().describe("Why there is no fit."),
});

export const clusterResultsSchema = z.object({
  schemaVersion: z.literal(1),
  kind: z.literal("cluster"),
  tool: z.object({ name: z.literal("wirebench"), version: z.string(), commit: z.string().nullable() }),
  command: z.string(),
  preset: z.string(),
  seed: count,
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  interrupted: z.boolean(),
  environment: z.object({
    runtime: z.string(),
    os: z.string(),
    cpu: z.string(),
    cores: count,
    memoryBytes: count,
    loadAverage: z.number().nonnegative(),
    components: z.record(z.string(), z.string()).describe("Libraries and programs with their versions."),
  }),
  experiments: z.array(experiment).describe("Those with a cell, in report order."),
  brokers: z.array(broker).describe("Those with a cell."),
  cells: z.array(cell),
  scaling: z.array(scalingFit),
  comparisons: z.array(z.never()),
  claims: z.array(z.never()),
});

export type ClusterResults = z.infer<typeof clusterResultsSchema>;
export type ClusterCell = z.infer<typeof cell>;
export type MeasuredClusterCell = Extract<ClusterCell, { state: "measured" }>;
export type ClusterParameters = z.infer<typeof parameters>;
export type ClusterTrial = z.infer<typeof trial>;
export type ClusterEvent = z.infer<typeof event>;
export type Series = z.infer<typeof series>;
export type Prediction = z.infer<typeof prediction>;
export type ExperimentInfo = z.infer<typeof experiment>;
export type ScalingFit = z.infer<typeof scalingFit>;
export type BrokerName = (typeof brokerNames)[number];
export type Policy = (typeof policies)[number];
