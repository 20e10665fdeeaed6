import { Command, Option } from "commander";
import { type Arrivals, arrivalKinds } from "../../load/pacing/pacer.ts";
import { describeError } from "../../protocol/errors.ts";
import { type PayloadKind, payloadKinds } from "../../protocol/messages/message.ts";
import { renderHistogramLog } from "../../reports/histogram-log.ts";
import { renderReport, renderSummary } from "../../reports/report.ts";
import type { Objective, Results } from "../../results/contract/results.ts";
import { scenarioNamed, scenarios } from "../experiments/scenarios.ts";
import { type PresetName, planCells, presets, type RunSettings } from "../run/plan.ts";
import { run } from "../run/runner.ts";
import { protocolNames } from "../targets/protocols.ts";
import { parseTarget, type Target } from "../targets/target.ts";
import { argument } from "./argument.ts";
import { capacityScenarios, refuseContradictions, refuseRepeats } from "./contradictions.ts";
import { exitCodeOf } from "./exit-codes.ts";
import { interruptSignal } from "./interrupt.ts";
import { defaultOutputFolder, OutputFolder } from "./output.ts";
import { Progress } from "./progress.ts";
import { parseBytes, parseCount, parseDurationMs, parseObjective, parsePercent, parseRatePerSecond } from "./units.ts";

export interface RunOptions {
  preset: PresetName;
  scenario?: string[];
  connections?: number;
  idleConnections?: number;
  workers?: number;
  duration?: number;
  warmup?: number;
  rate?: number;
  arrivals?: Arrivals;
  inFlight?: number;
  payload?: number;
  payloadKind?: PayloadKind;
  pollInterval?: number;
  trials?: number;
  seed: number;
  out?: string;
  trace?: string;
  untilPrecision?: number;
  maxTrials?: number;
  findCapacity?: boolean;
  slo?: Objective;
}

const examples = `
Examples:
  wirebench run                                        every protocol, every scenario, preset quick
  wirebench run websocket sse --scenario echo -R 500   two protocols at 500 messages per second
  wirebench run websocket=ws://127.0.0.1:9001/         a server someone else wrote: it must echo
  wirebench run --find-capacity --slo p99=50ms         the highest rate each protocol holds
  wirebench run --preset standard --payload 4KiB --payload-kind binary`;

export function runCommand(): Command {
  return new Command("run")
    .description(
      "compare protocols: latency, throughput, duplex behaviour, bytes and CPU per message, memory per connection",
    )
    .argument("[target...]", `protocol or protocol=URL; all protocols when left out (${protocolNames.join(", ")})`)
    .addOption(new Option("--preset <name>", "how long and how much").choices(Object.keys(presets)).default("quick"))
    .option(
      "--scenario <name>",
      `${scenarios.map(({ name }) => name).join(", ")}; may be repeated (default: all)`,
      (name: string, chosen: string[] = []) => [...chosen, name],
    )
    .option("-c, --connections <count>", "simulated users, one connection each", argument(parseCount))
    .option("--idle-connections <count>", "most users connected at once in the idle scenario", argument(parseCount))
    .option("-d, --duration <time>", "length of each measured window, e.g. 10s", argument(parseDurationMs))
    .option("--warmup <time>", "traffic before each window that is not timed, e.g. 500ms", argument(parseDurationMs))
    .option(
      "-R, --rate <messages per second>",
      "offered rate of the open-loop scenarios, over all connections",
      argument(parseRatePerSecond),
    )
    .addOption(
      new Option(
        "--arrivals <kind>",
        "spacing of the open-loop schedule: even, or as independent users arrive",
      ).choices(arrivalKinds),
    )
    .option(
      "--in-flight <count>",
      "unanswered messages per connection of the closed-loop scenarios",
      argument(parseCount),
    )
    .option("--payload <size>", "payload of one message, e.g. 256B or 64KiB", argument(parseBytes))
    .addOption(new Option("--payload-kind <kind>", "text or binary payloads").choices(payloadKinds))
    .option("--poll-interval <time>", "how often a polling client asks, e.g. 100ms", argument(parseDurationMs))
    .option("--workers <count>", "load-generator processes that share the connections", argument(parseCount))
    .option("--trials <count>", "repetitions of every cell in fresh processes", argument(parseCount))
    .option(
      "--seed <number>",
      "seed of the trial order and the payloads",
      argument((text) => parseCount(text, 0)),
      1,
    )
    .option(
      "--until-precision <percent>",
      "add trials until the headline intervals reach no further than this, e.g. 5%",
      argument(parsePercent),
    )
    .option("--max-trials <count>", "with --until-precision, stop at so many (default: 30)", argument(parseCount))
    .option("--find-capacity", "search each target's highest rate that holds the objective, instead of trials")
    .option(
      "--slo <objective>",
      "what --find-capacity holds, e.g. p99=50ms from the schedule",
      argument(parseObjective),
    )
    .option("--trace <file>", "also write every raw histogram in the HdrHistogram log format, for other tools to plot")
    .option("--out <dir>", "where results.json, report.md and the charts go (default: reports/out/<time>/)")
    .addHelpText("after", examples)
    .action(async (targetTexts: string[], options: RunOptions, command: Command) => {
      process.exitCode = await runTargets(targetTexts, options, command);
    });
}

async function runTargets(targetTexts: string[], options: RunOptions, command: Command): Promise<number> {
  const targets = (targetTexts.length > 0 ? targetTexts : protocolNames).map(parseTarget);
  refuseRepeats(targets);
  const chosen = options.scenario?.map(scenarioNamed) ?? (options.findCapacity ? capacityScenarios : scenarios);
  refuseContradictions(options, targets, chosen);
  const settings = applyOptions(presets[options.preset], options);
  const cells = planCells(targets, chosen, settings);
  const output = new OutputFolder(options.out ?? defaultOutputFolder(new Date()));

  const trace = options.trace === undefined ? undefined : OutputFolder.ofFile(options.trace);

  const plan = {
    command: ["wirebench", command.name(), ...command.parent!.args.slice(1)].join(" "),
    preset: options.preset,
    seed: options.seed,
    trials: settings.trials,
    reference: referenceOf(targets),
    cells,
    ...(options.untilPrecision !== undefined && {
      precision: { share: options.untilPrecision, trialsMax: options.maxTrials ?? defaultTrialsMax },
    }),
    ...(options.findCapacity && { objective: options.slo ?? defaultObjective }),
  };
  using interrupt = interruptSignal(
    "Stopping: what is measured so far will be written. Press Ctrl-C again to end at once.",
  );
  const progress = new Progress(plan, (results) => saveOrWarn(output, results, progress));
  const results = await run(plan, progress, interrupt.signal);
  progress.done();

  process.stdout.write(`${renderSummary(results)}\n`);
  output.writeResults(results);
  for (const [name, content] of await renderReport(results)) output.write(name, content);
  if (trace !== undefined) trace.folder.write(trace.name, renderHistogramLog(results));
  process.stdout.write(`Report: ${output.path}/report.md\n`);
  return exitCodeOf(results);
}

/** A full disk must not end a run: what is measured stays in memory, and the next trial's end tries again. */
function saveOrWarn(output: OutputFolder, results: Results, progress: Progress): void {
  try {
    output.writeResults(results);
  } catch (error) {
    progress.say(`not saved    ${describeError(error)}; trying again after the next trial`);
  }
}

const defaultTrialsMax = 30;
const defaultObjective: Objective = { percentile: 99, delayUsMax: 50_000 };

/** The first target is what the others are compared with; without a choice that is the floor. */
const referenceOf = (targets: readonly Target[]): string => targets[0]!.label;

function applyOptions(preset: RunSettings, options: RunOptions): RunSettings {
  const given: { [Key in keyof RunSettings]?: RunSettings[Key] | undefined } = {
    trials: options.trials,
    connections: options.connections,
    idleConnections: options.idleConnections,
    idleMs: options.duration,
    workers: options.workers,
    payloadBytes: options.payload,
    payloadKind: options.payloadKind,
    ratePerSecond: options.rate,
    arrivals: options.arrivals,
    inFlight: options.inFlight,
    warmupMs: options.warmup,
    durationMs: options.duration,
    pollIntervalMs: options.pollInterval,
  };
  const overrides = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...preset, ...overrides };
}
