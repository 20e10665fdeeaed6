/**
 * The contract of results.json: what any run writes and every report reads. One zod definition gives the types, the check
 * on reading and the JSON Schema that ships with the package. Recordings are open records: an experiment may add measures,
 * histograms, events and series by name without touching this file.
 */
import { z } from "zod";
import { provisions } from "../../protocol/provisions.ts";
import { broker } from "./broker.ts";
import { capture } from "./capture.ts";
import { claim } from "./claim.ts";
import { finding } from "./finding.ts";
import { interval } from "./interval.ts";
import { parameters } from "./parameters.ts";
import { server } from "./server.ts";

export type { Interval } from "./interval.ts";
export type { Parameters } from "./parameters.ts";

export const schemaVersion = 2;

export const validityVerdicts = ["valid", "invalid"] as const;
export const bounds = ["at-least", "at-most"] as const;
export const flagCauses = ["target", "wirebench", "machine"] as const;
export const comparisonVerdicts = ["faster", "slower", "equal", "cannot-tell"] as const;
/**
 * `failed`: the system under test did something else. `cannot-tell`: so it looks, but the load generator or the machine
 * explains it. `not-measured`: a trial did not get so far that the prediction could be tested.
 */
export const predictionVerdicts = ["held", "failed", "cannot-tell", "not-measured"] as const;
export const eventKinds = ["fault", "action", "observation"] as const;

const count = z.number().int().nonnegative();
const positive = z.number().positive();
const measures = z.record(z.string(), z.number());
const histograms = z.record(z.string(), z.string());

const window = z.object({
  name: z.string(),
  startMs: z.number().describe("Start of its measured part, after the start of the trial."),
  durationMs: positive,
  measures: measures.describe("What was counted in it, by quantity and unit."),
  histograms: histograms.describe("HdrHistogram V2, compressed, base64, nanoseconds, by what they hold."),
});

const event = z.object({
  atMs: z.number().describe("On the clock of the trial's measurement; before its start negative."),
  subject: z.string().describe("Who: `node-2`, `redis`, `haproxy`, `users`, `server`."),
  what: z.string().describe("In words: `killed`, `first user cut off`."),
  kind: z.enum(eventKinds),
});

const series = z.object({
  name: z.string().describe("Quantity and unit, e.g. `connectedUsers`, `serverMemoryBytes`."),
  title: z.string(),
  x: z
    .string()
    .describe("What it runs over: `timeMs`, on the clock of the events, or a parameter, e.g. `connections`."),
  xs: z.array(z.number()),
  values: z.array(z.number()).describe("One per x; a rate stands for the step that ends there."),
});

const flag = z.object({
  code: z.string(),
  severity: z
    .enum(["fatal", "defect", "warning"])
    .describe("Fatal: the numbers are not true. Defect: the target did wrong, and the numbers are true all the same."),
  cause: z.enum(flagCauses).describe("Whose doing it is. Only what the target does is a result."),
  message: z.string(),
});

const measuredProcess = z.object({
  pid: count,
  command: z.string().describe("File name of the program it runs."),
});

const observed = z.object({
  processes: z
    .array(measuredProcess)
    .describe("Whose CPU time and memory are the server's; empty where nothing is told of it."),
  tls: z.array(z.string()).describe("Version and cipher suite of encrypted connections; empty: none was encrypted."),
  tlsHandshakes: z
    .object({ full: count, resumed: count })
    .optional()
    .describe("TLS handshakes of the clients while they connected; resumed: of a session that was begun before."),
  compression: z.array(z.string()).describe("What the server compressed with; empty: nothing."),
});

const trial = z.object({
  trial: count
    .min(1)
    .describe("Cells that take turns share it: trials of one number met the same moments of the machine."),
  state: z.enum(["complete", "partial"]).describe("A partial trial was cut short: kept, never summarised."),
  startedAt: z.iso.datetime(),
  durationMs: z.number().nonnegative(),
  windows: z.array(window),
  measures: measures.describe("By the name of a metric: what a summary is made of."),
  histograms,
  events: z.array(event),
  series: z.array(series),
  findings: z
    .array(finding)
    .optional()
    .describe("What it did with peers that meant no good, probe by probe, or what became of ways to it."),
  captures: z.array(capture).optional().describe("Of one message and its echo, in the order in which it was heard."),
  observed: observed.optional().describe("What was seen of the system that nobody asked for."),
  flags: z.array(flag).describe("What was noticed while measuring and bears on what the numbers are worth."),
});

const summarised = z
  .object({
    ...interval.shape,
    bound: z
      .enum(bounds)
      .optional()
      .describe("The truth lies at or above, or at or below, the interval: something else was the limit, and `why`."),
    upTo: positive
      .optional()
      .describe(
        "Of a rate that is a lower bound, the other end of the bracket: 10^6 / server CPU time per message in microseconds x the server's threads that can serve. What the server would carry if nothing else were the limit and a message cost what it cost here.",
      ),
    why: z.string().optional().describe("Why it is a bound only, or what its other end rests on."),
  })
  .describe(interval.description!);

const absence = z.object({
  kind: z
    .enum(["never", "unsettled", "unknown"])
    .describe(
      "Never: infinite, since too many messages never came. Unsettled: the trials disagree so widely that no middle can be given. Unknown: measured, but it tells nothing here.",
    ),
  why: z.string(),
});

const ratio = z
  .object({
    value: z.number().describe("Ratio of what was measured, target over reference: geometric mean over the trials."),
    low: z.number().optional().describe("Lower end of where the true ratio lies; absent where that is unknown."),
    high: z.number().optional().describe("Upper end; absent where that is unknown."),
  })
  .describe(
    "With a 95 % confidence interval. Paired: Student's t on the logarithms of one ratio per set, a set being the trials of one number, measured side by side. Independent, where too few sets have both: Welch's t on the logarithms of one value per trial. Both ends are absent with fewer than 3 trials, one where the number of a side is a bound that is open on that side.",
  );

const validity = z.object({ verdict: z.enum(validityVerdicts), flags: z.array(flag) });

const expectation = {
  claim: z.string().optional().describe("Id of the taught statement this puts to the test."),
  statement: z.string().describe("What is expected, in words, fixed before anything runs."),
  formula: z.string().describe("Where the number comes from, with the numbers put in."),
  metric: z.string(),
  expected: z
    .object({ low: z.number().optional(), high: z.number().optional() })
    .describe("Inclusive. Equal ends: an exact prediction. An end that is absent is not part of the prediction."),
};

const prediction = z.object({
  ...expectation,
  measured: z.number().optional().describe("Of all trials the one furthest from what was expected."),
  verdict: z.enum(predictionVerdicts),
  because: z
    .string()
    .optional()
    .describe("Of `cannot-tell`: what the load generator or the machine did that explains what was measured."),
});

const identity = {
  target: z.string().describe("Label of one of the targets."),
  protocol: z.string(),
  scenario: z.string().describe("Name of one of the experiments."),
  variant: z
    .string()
    .optional()
    .describe("What sets this cell apart from the others of its experiment on the same target; unique among them."),
  parameters,
};

const predictions = z.array(prediction);

const cell = z.discriminatedUnion("state", [
  z.object({
    ...identity,
    state: z.literal("measured"),
    validity,
    trials: z.array(trial).min(1),
    summary: z.record(z.string(), summarised).describe("By the name of a metric."),
    absences: z
      .record(z.string(), absence)
      .optional()
      .describe("Why a metric has no number in this cell, by its name, where it is not for want of a measurement."),
    predictions,
  }),
  z.object({ ...identity, state: z.literal("failed"), reason: z.string(), trials: z.array(trial) }),
  z.object({ ...identity, state: z.literal("refused"), reason: z.string() }),
  z.object({ ...identity, state: z.literal("not-run"), reason: z.string() }),
]);

const comparison = z.object({
  scenario: z.string(),
  variant: z.string().optional(),
  metric: z.string(),
  reference: z.string(),
  target: z.string(),
  ratio,
  sets: count.describe("Sets the ratio is paired over; 0: independent trials."),
  bound: z
    .enum(bounds)
    .optional()
    .describe("The true ratio is at least, or at most, `ratio.value`: the number of one of the two is a bound."),
  verdict: z
    .enum(comparisonVerdicts)
    .describe(
      "What the interval of the ratio says. Faster and slower, better and worse by the metric's own direction, for bytes and CPU time too: all of it lies beyond 1.05, or below 1 / 1.05. Equal: it lies within 1.25 either way, and how far it reaches is the difference there may still be. Cannot-tell: neither; what it leaves out is sure all the same. Each comparison stands for itself: of all intervals 95 in 100 hold the truth, and of comparisons of equal targets at most 5 in 100 say faster or slower, about 1 where sets differ by 10 %.",
    ),
});

const experiment = z.object({
  name: z.string(),
  group: z.string().describe("Experiments that belong together, in the words of a reader: `latency`, `failure`."),
  title: z.string(),
  question: z.string().describe("What its numbers answer."),
  lesson: z.string().optional().describe("What one should take away, whatever the numbers."),
});

const system = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("embedded") }).describe("The server this project brings."),
  z.object({ kind: z.literal("program"), program: z.string() }).describe("A real server, started for the run."),
  z.object({ kind: z.literal("external"), url: z.string() }).describe("Already running; without its secrets."),
  z.object({ kind: z.literal("cluster") }).describe("Nodes behind a load balancer, with a broker between them."),
]);

const target = z.object({
  label: z.string().describe("As given on the command line, without secrets."),
  title: z.string().describe("As a report calls it, options included."),
  protocol: z.string(),
  options: z.record(z.string(), z.string()),
  system,
  summary: z.string(),
  specification: z.string(),
  returnPath: z
    .string()
    .optional()
    .describe("By which way a message comes back, where that is not the same everywhere."),
  uplink: z.enum(["stream", "request"]),
  downlink: z.enum(["stream", "held-request", "polled", "response"]),
  framing: z.enum(["binary", "text"]),
  provides: z
    .array(z.enum(provisions))
    .optional()
    .describe("What its protocol specifies of what applications need; absent: nothing."),
  floor: z.boolean().describe("Almost nothing on top of TCP: what every other protocol stands on."),
  deliveryFloorMs: z.number().nonnegative().describe("Longest time a message waits by the protocol's own clock."),
  position: count.describe("Place of the protocol in the registry, so that a colour stays with its protocol."),
});

export const resultsSchema = z.object({
  schemaVersion: z.literal(schemaVersion),
  tool: z.object({ name: z.literal("wirebench"), version: z.string(), commit: z.string().nullable() }),
  command: z.string(),
  preset: z.string(),
  seed: count,
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  continues: z
    .array(z.object({ startedAt: z.iso.datetime(), finishedAt: z.iso.datetime() }))
    .optional()
    .describe("Earlier runs of the same plan, whose trials are kept here; the last was cut short."),
  interrupted: z.boolean().describe("Ended by Ctrl-C: what is here was measured in full, the rest was not run."),
  environment: z.object({
    runtime: z.string(),
    os: z.string(),
    cpu: z.string(),
    cores: count,
    memoryBytes: count,
    loadAverage: z.number().nonnegative().describe("One-minute load average before the run."),
    components: z.record(z.string(), z.string()).describe("Name and version of every library and program on the way."),
  }),
  experiments: z.array(experiment).describe("Those with a cell, in report order."),
  leftOut: z
    .array(z.object({ name: z.string(), title: z.string(), command: z.string() }))
    .optional()
    .describe("Experiments that the preset does without, each with the command that runs it."),
  targets: z.array(target).describe("Those with a cell, in the order given; the first is the reference."),
  brokers: z.array(broker).optional().describe("What the brokers of a cluster promise."),
  servers: z.array(server).optional().describe("How the real servers among the targets were set up."),
  cells: z.array(cell),
  comparisons: z.array(comparison),
  claimsAsked: z.array(z.string()).optional().describe("Ids of the claims it was run for; absent: for none by name."),
  claims: z.array(claim).describe("What the results say of sentences that are taught."),
});

export type Results = z.infer<typeof resultsSchema>;
export type Cell = z.infer<typeof cell>;
export type MeasuredCell = Extract<Cell, { state: "measured" }>;
export type CellIdentity = Pick<Cell, "target" | "protocol" | "scenario" | "variant" | "parameters">;
export type Trial = z.infer<typeof trial>;
/** What one trial yields, whatever the experiment. */
export type Recording = Pick<
  Trial,
  "windows" | "measures" | "histograms" | "events" | "series" | "findings" | "captures" | "flags"
>;
export type Observed = z.infer<typeof observed>;
export type MeasuredProcess = z.infer<typeof measuredProcess>;
export type Window = z.infer<typeof window>;
export type Event = z.infer<typeof event>;
export type Series = z.infer<typeof series>;
/** The truth lies at or above, or at or below, the interval. */
export type Bound = (typeof bounds)[number];
/** An interval with what it is worth. */
export type Summarised = z.infer<typeof summarised>;
export type Absence = z.infer<typeof absence>;
export type Validity = z.infer<typeof validity>;
export type Flag = z.infer<typeof flag>;
export type Prediction = z.infer<typeof prediction>;
/** A prediction before it is held against anything. */
export type Expectation = Omit<Prediction, "measured" | "verdict" | "because">;
export type Comparison = z.infer<typeof comparison>;
/** A ratio, and where the true one lies. */
export type Ratio = Comparison["ratio"];
export type ExperimentInfo = z.infer<typeof experiment>;
export type TargetInfo = z.infer<typeof target>;
export type ServerInfo = z.infer<typeof server>;
export type BrokerInfo = z.infer<typeof broker>;

/** The JSON Schema (draft 2020-12) of results.json. */
export const resultsJsonSchema = (): object => z.toJSONSchema(resultsSchema);
