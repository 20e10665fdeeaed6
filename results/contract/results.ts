/**
 * The contract of results.json: what a run writes and every report reads. One zod definition gives the types, the
 * check on reading and the JSON Schema that ships with the package.
 */
import { z } from "zod";
import { clusterResultsSchema } from "./cluster-results.ts";

export const schemaVersion = 1;

export const flowNames = ["roundTrip", "uplink", "downlink"] as const;
export const scenarioNames = ["echo", "throughput", "duplex", "idle"] as const;
export const validityVerdicts = ["valid", "generator-bound", "invalid"] as const;
export const comparisonVerdicts = ["faster", "slower", "indistinguishable"] as const;

const count = z.number().int().nonnegative();
const positive = z.number().positive();

const load = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("open"),
    ratePerSecond: positive.describe("Offered rate over all connections, for each direction."),
    arrivals: z.enum(["constant", "poisson"]).optional().describe("Spacing of the schedule; absent means constant."),
  }),
  z.object({ kind: z.literal("closed"), inFlight: count.min(1).describe("Unanswered messages per connection.") }),
]);

const ledger = z.object({
  sentMessages: count.describe("Handed to the client, or refused by its full queue."),
  receivedMessages: count.describe("Arrived at least once."),
  lostMessages: count.describe("Never arrived although a later one did, the connection ended, or the queue was full."),
  duplicatedMessages: count.describe("Arrivals beyond the first of the same message."),
  reorderedMessages: count.describe("Arrived after a later one (RFC 4737 section 3.3)."),
  censoredMessages: count.describe("Still on the way when the drain was over: neither delivered nor lost."),
  corruptedMessages: count.describe("Arrivals whose bytes were not those of any message sent."),
});

const encodedHistogram = z.string().describe("HdrHistogram V2, compressed, base64, nanoseconds.");

const flow = z.object({
  load,
  achievedRatePerSecond: z.number().nonnegative().describe("Received within the window, per second."),
  histograms: z.object({
    dispatch: encodedHistogram.optional().describe("sent - scheduled; open loop only."),
    service: encodedHistogram.optional().describe("received - sent."),
    scheduled: encodedHistogram.optional().describe("received - scheduled; open loop only."),
    earlyService: encodedHistogram.optional().describe("The part of service sent in the first half of the window."),
  }),
  ledger,
});

const processUse = z.object({
  cpuUs: z.number().nonnegative().describe("User and system time within the window."),
  messages: count.describe("Messages handled within the same instants."),
  rssBytes: count,
  eventLoopUtilization: z.number().min(0).max(1),
  eventLoopDelayMaxUs: z
    .number()
    .nonnegative()
    .optional()
    .describe("Longest time within the window in which the process could not have handled an event."),
});

const serverUse = processUse.partial({ rssBytes: true, eventLoopUtilization: true }).extend({
  cpuSource: z
    .enum(["schedstat", "stat"])
    .optional()
    .describe("Where under /proc its CPU time was read: nanoseconds, or ticks of 10 ms. Absent: told by itself."),
});

const window = z.object({
  name: z.string(),
  startMs: z.number().nonnegative().optional().describe("Start of its measured part, after the start of the trial."),
  durationMs: positive,
  flows: z.object({ roundTrip: flow.optional(), uplink: flow.optional(), downlink: flow.optional() }),
  wireBytes: z
    .object({ sent: count, received: count, messages: count })
    .describe("Bytes on the clients' TCP connections, from quiet to quiet, and the messages they carried."),
  server: serverUse
    .optional()
    .describe("All processes of the server. Of one this run did not start only what /proc tells, or absent."),
  generators: z.array(processUse),
});

const idle = z.object({
  freshServer: z
    .boolean()
    .describe("Started for this trial and told to collect garbage before each reading; else a server as it was."),
  memory: z
    .array(z.object({ connections: count.min(1), serverBytes: count.optional() }))
    .describe("Anonymous memory of the server's processes with so many connections open."),
  durationMs: positive.describe("Of the window in which all connections rest."),
  serverCpuUs: z.number().nonnegative().optional().describe("CPU time of the server's processes in that window."),
  wireBytes: z.object({ sent: count, received: count }).describe("Bytes on the clients' connections in that window."),
});

const trial = z.object({
  trial: count.min(1),
  state: z.enum(["complete", "partial"]).describe("A partial trial was cut short: kept, never summarised."),
  startedAt: z.iso.datetime(),
  connect: encodedHistogram.optional().describe("Time from the start of a connection to the first possible send."),
  windows: z.array(window),
  idle: idle.optional().describe("Of the idle scenario, in place of windows."),
  serverUnseen: z.string().optional().describe("Why the cost of a server this run did not start could not be seen."),
});

const parameters = z.object({
  connections: count.min(1),
  connectionSteps: z.array(count.min(1)).optional().describe("Counts at which memory is read; idle scenario only."),
  workers: count.min(1).describe("Load-generator processes that share the connections and the rate."),
  payloadBytes: count,
  payloadKind: z.enum(["text", "binary"]),
  load: load.optional().describe("Absent where nobody sends."),
  warmupMs: z.number().nonnegative().describe("Unrecorded traffic before the first window of a trial."),
  settleMs: z
    .number()
    .nonnegative()
    .describe(
      "Traffic of each window before it is timed, so that it is steady; its messages count in the ledger. Rest before memory is read in the idle scenario.",
    ),
  durationMs: positive.describe("Of each measured window."),
  drainMs: positive.describe("Longest wait for messages still on the way after a window."),
  pollIntervalMs: positive.optional().describe("Only where the client polls."),
});

const intervalOf = (value: string, method: string) =>
  z
    .object({
      value: z.number().describe(value),
      low: z.number().describe("Lower end."),
      high: z.number().describe("Upper end."),
    })
    .describe(method);

const interval = intervalOf(
  "Median of the trials.",
  "95 % confidence interval of the median, from one value per trial: between order statistics with 6 or more trials, Student's t on logarithms with 3 to 5, low = high = value with fewer. Counts, and metrics that were 0 in a trial, have the lowest and the highest trial instead.",
);

const ratioInterval = intervalOf(
  "Ratio of the medians of the trials.",
  "95 % confidence interval of the ratio, target over reference: Welch's t on the logarithms of one value per trial, wide enough to hold the value; low = high = value where one of the two has fewer than 3 trials.",
);

const flag = z.object({
  code: z.string(),
  severity: z.enum(["fatal", "warning"]),
  message: z.string(),
});

const validity = z.object({ verdict: z.enum(validityVerdicts), flags: z.array(flag) });

const cellIdentity = {
  target: z.string().describe("As given on the command line."),
  protocol: z.string(),
  scenario: z.enum(scenarioNames),
  parameters,
};

const cell = z.discriminatedUnion("state", [
  z.object({
    ...cellIdentity,
    state: z.literal("measured"),
    validity,
    trials: z.array(trial).min(1),
    summary: z.record(z.string(), interval),
  }),
  z.object({ ...cellIdentity, state: z.literal("failed"), reason: z.string(), trials: z.array(trial) }),
  z.object({ ...cellIdentity, state: z.literal("refused"), reason: z.string() }),
  z.object({ ...cellIdentity, state: z.literal("not-run"), reason: z.string() }),
]);

const comparison = z.object({
  scenario: z.enum(scenarioNames),
  metric: z.string(),
  reference: z.string(),
  target: z.string(),
  ratio: ratioInterval,
  bound: z
    .enum(["at-least", "at-most"])
    .optional()
    .describe("The true ratio is at least, or at most, this: the load generator was the limit of one of the two."),
  noiseRatio: positive
    .optional()
    .describe(
      "The medians of two equal targets differ by up to this factor in 95 % of runs, learnt from the trials of this scenario and metric over all targets. Absent where no cell has two trials.",
    ),
  adjustedPValue: z
    .number()
    .min(0)
    .max(1)
    .describe(
      "Chance of a difference this clear in any comparison of the run if all targets were equal: Welch's t on logarithms, variances shared between targets, adjusted by Holm over every pair of targets and every compared metric.",
    ),
  verdict: z
    .enum(comparisonVerdicts)
    .describe(
      "Faster and slower are better and worse by the metric's own direction, for bytes and CPU time too. Told only if the interval leaves out 1, the ratio is beyond noiseRatio, adjustedPValue is at most 0.05 and no bound leaves it open.",
    ),
});

const capacityProbe = z.object({
  ratePerSecond: positive.describe("Offered rate."),
  achievedRatePerSecond: z.number().nonnegative(),
  delayUs: z.number().nonnegative().optional().describe("The objective's percentile, from the schedule."),
  outcome: z.enum(["held", "missed", "generator-bound"]),
  reason: z.string().optional().describe("Why it did not hold, where not by its delay."),
  confirms: z.boolean().optional().describe("A second run at a rate that held."),
});

const capacity = z.object({
  target: z.string(),
  protocol: z.string(),
  parameters,
  objective: z.object({ percentile: z.number().min(0).max(100), delayUsMax: positive }),
  ratePerSecond: z.number().nonnegative().describe("Highest offered rate that held, twice; 0 if none did."),
  atLeast: z.boolean().describe("The target could carry more: something else was the limit."),
  probes: z.array(capacityProbe),
});

const protocolInfo = z.object({
  name: z.string(),
  title: z.string(),
  summary: z.string(),
  specification: z.string(),
  uplink: z.enum(["stream", "request"]),
  downlink: z.enum(["stream", "held-request", "polled"]),
  framing: z.enum(["binary", "text"]),
  floor: z.boolean().describe("Almost nothing on top of TCP: what every other protocol stands on."),
  position: count.describe("Place in the registry of all protocols, so that a colour stays with its protocol."),
});

export const resultsSchema = z.object({
  schemaVersion: z.literal(schemaVersion),
  tool: z.object({ name: z.literal("wirebench"), version: z.string(), commit: z.string().nullable() }),
  command: z.string(),
  preset: z.string(),
  seed: count,
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  interrupted: z.boolean().describe("Ended by Ctrl-C: what is here was measured in full, the rest was not run."),
  environment: z.object({
    runtime: z.string(),
    os: z.string(),
    cpu: z.string(),
    cores: count,
    memoryBytes: count,
    loadAverage: z.number().nonnegative().describe("One-minute load average before the run."),
    components: z.record(z.string(), z.string()).describe("Name and version of every library that carries a wire."),
  }),
  protocols: z.array(protocolInfo).describe("What the report needs to know of the protocols in this run."),
  cells: z.array(cell),
  comparisons: z.array(comparison),
  capacities: z.array(capacity).optional().describe("Knee searches, where the run was one."),
  claims: z.array(
    z.object({ id: z.string(), statement: z.string(), verdict: z.string(), evidence: z.array(z.string()) }),
  ),
});

export type Results = z.infer<typeof resultsSchema>;
export type Cell = z.infer<typeof cell>;
export type MeasuredCell = Extract<Cell, { state: "measured" }>;
export type CellIdentity = Pick<Cell, "target" | "protocol" | "scenario" | "parameters">;
export type Parameters = z.infer<typeof parameters>;
export type Load = z.infer<typeof load>;
export type Trial = z.infer<typeof trial>;
export type Window = z.infer<typeof window>;
export type Flow = z.infer<typeof flow>;
export type FlowName = (typeof flowNames)[number];
export type FlowLedger = z.infer<typeof ledger>;
export type ProcessUse = z.infer<typeof processUse>;
export type ServerUse = z.infer<typeof serverUse>;
export type IdleTrial = z.infer<typeof idle>;
export type Interval = z.infer<typeof interval>;
export type Validity = z.infer<typeof validity>;
export type Flag = z.infer<typeof flag>;
export type Comparison = z.infer<typeof comparison>;
export type Capacity = z.infer<typeof capacity>;
export type CapacityProbe = z.infer<typeof capacityProbe>;
export type Objective = Capacity["objective"];
export type ScenarioName = (typeof scenarioNames)[number];
export type ProtocolInfo = z.infer<typeof protocolInfo>;

/** The JSON Schema (draft 2020-12) of results.json of either kind: of a comparison, or of the cluster experiments. */
export const resultsJsonSchema = (): object => z.toJSONSchema(z.union([resultsSchema, clusterResultsSchema]));
