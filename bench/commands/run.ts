import { Command, Option } from "commander";
import { type Arrivals, arrivalKinds } from "../../load/pacing/pacer.ts";
import { type ClientKind, clientKinds } from "../../protocol/contract.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import { type PayloadKind, payloadKinds } from "../../protocol/messages/message.ts";
import { pollInterval } from "../../protocol/options/poll-interval.ts";
import {
  parseBytes,
  parseCount,
  parseDurationMs,
  parseObjective,
  parsePercent,
  parseRatePerSecond,
} from "../../protocol/units.ts";
import type { LinkConditions } from "../../results/contract/link.ts";
import { capacity } from "../experiments/capacity.ts";
import { clusterPresets } from "../experiments/cluster/presets.ts";
import { presets } from "../experiments/comparison/presets.ts";
import type { Experiment } from "../experiments/contract/experiment.ts";
import type { Objective, PresetName, RunRequest, TrafficSettings } from "../experiments/contract/request.ts";
import { echo } from "../experiments/echo.ts";
import { comparisonExperiments, experimentNamed } from "../experiments/experiments.ts";
import { namedLinks, parseLink } from "../links/link-conditions.ts";
import { mainProtocolNames, protocolNames } from "../targets/protocols.ts";
import { type Target, withOption } from "../targets/target.ts";
import { argument, choice } from "./argument.ts";
import { refuseContradictions, refuseRepeats } from "./contradictions.ts";
import { givenTargets } from "./given-targets.ts";
import { measure } from "./measure.ts";
import { givenSettings, type SettingOptions, withOptions } from "./settings.ts";

export interface RunOptions {
  preset: PresetName;
  scenario?: string[];
  connections?: number;
  idleConnections?: number;
  workers?: number;
  client?: ClientKind;
  duration?: number;
  warmup?: number;
  rate?: number;
  arrivals?: Arrivals;
  inFlight?: number;
  payload?: number;
  link?: LinkConditions;
  payloadKind?: PayloadKind;
  pollInterval?: string;
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
  wirebench run                                        every protocol that no other stands for, preset quick
  wirebench run websocket sse --scenario echo -R 500   two protocols at 500 messages per second
  wirebench run websocket=ws://127.0.0.1:9001/         a server someone else wrote: it must echo
  wirebench run websocket+tls long-polling+tls --link 4g   as a phone would see them
  wirebench run --find-capacity --slo p99=50ms         the highest rate each protocol holds
  wirebench run --preset standard --payload 4KiB --payload-kind binary`;

const variants = protocolNames.filter((name) => !mainProtocolNames.includes(name));

export function runCommand(): Command {
  return new Command("run")
    .description(
      "compare protocols: latency, throughput, duplex behaviour, bytes and CPU per message, memory per connection",
    )
    .argument(
      "[target...]",
      `protocol[+option=value] or protocol=URL; all protocols when left out (${protocolNames.join(", ")}), in the preset quick without those that another one stands for (${variants.join(", ")})`,
    )
    .addOption(
      choice(new Option("--preset <name>", "how long and how much"), "preset", Object.keys(presets)).default("quick"),
    )
    .option(
      "--scenario <name>",
      `${comparisonExperiments.map(({ name }) => name).join(", ")}; may be repeated (default: those of the preset)`,
      (name: string, chosen: string[] = []) => [...chosen, name],
    )
    .option("-c, --connections <count>", "virtual users, one connection each", argument(parseCount))
    .option("--idle-connections <count>", "most connections at once in the idle scenario", argument(parseCount))
    .option("-d, --duration <time>", "measured time of each cell in one trial, e.g. 10s", argument(parseDurationMs))
    .option("--warmup <time>", "traffic before each window that is not timed, e.g. 500ms", argument(parseDurationMs))
    .option(
      "-R, --rate <messages per second>",
      "offered rate of the open-loop scenarios, over all connections",
      argument(parseRatePerSecond),
    )
    .addOption(
      choice(
        new Option("--arrivals <kind>", "spacing of the open-loop schedule: even, or as independent users arrive"),
        "kind of arrivals",
        arrivalKinds,
      ),
    )
    .option(
      "--in-flight <count>",
      "unanswered messages per connection of the closed-loop scenarios",
      argument(parseCount),
    )
    .option("--payload <size>", "payload of one message, e.g. 256B or 64KiB", argument(parseBytes))
    .addOption(choice(new Option("--payload-kind <kind>", "text or binary payloads"), "kind of payload", payloadKinds))
    .option("--poll-interval <time>", "how often a polling client asks, e.g. 100ms", argument(pollInterval.parse))
    .option(
      "--link <conditions>",
      `an emulated link between users and server: ${Object.keys(namedLinks).join(", ")}, or e.g. rtt=80ms,jitter=5ms,down=10mbit,up=2mbit,loss=1%; with by=netem the Linux kernel emulates rtt and loss, where it can`,
      argument(parseLink),
    )
    .option("--workers <count>", "load-generator processes that share the connections", argument(parseCount))
    .addOption(
      new Option(
        "--client <kind>",
        "what the users speak with, where a protocol has both: little on top of the socket, so as not to be the limit, or the library that users run (default: lean)",
      ).choices(clientKinds),
    )
    .option("--trials <count>", "repetitions of every cell in fresh processes", argument(parseCount))
    .option(
      "--seed <number>",
      "seed of the trial order and the payloads",
      argument((text) => parseCount(text, 0)),
      1,
    )
    .option(
      "--until-precision <percent>",
      "as many trials as the first ones say it takes for headline intervals to reach no further, e.g. 5%",
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
  const targets = chosenTargets(targetTexts.length > 0 ? targetTexts : namesOf(options.preset), options);
  refuseRepeats(targets);
  refuseContradictions(options);
  const preset = presets[options.preset];
  const request: RunRequest = {
    targets,
    traffic: {
      ...withOptions<RunOptions, TrafficSettings>(preset.settings, settingOptions, options),
      // Who asks for so many gets them of every cell.
      ...(options.trials !== undefined && { idleTrialsMax: options.trials }),
    },
    cluster: clusterPresets[options.preset],
  };
  return await measure({
    command: ["wirebench", command.name(), ...command.parent!.args.slice(1)].join(" "),
    preset: options.preset,
    seed: options.seed,
    // A search repeats what it must by itself.
    trials: options.findCapacity ? 1 : (options.trials ?? preset.trials),
    parts: chosenExperiments(options).map((experiment) => ({ experiment, request })),
    given: givenSettings(settingOptions, options),
    ...(options.untilPrecision !== undefined && {
      precision: { share: options.untilPrecision, trialsMax: options.maxTrials ?? defaultTrialsMax },
    }),
    out: options.out,
    trace: options.trace,
  });
}

/** A quick run is over in two minutes, which leaves out what another one stands for. */
const namesOf = (preset: PresetName): readonly string[] => (preset === "quick" ? mainProtocolNames : protocolNames);

const defaultTrialsMax = 30;

function chosenExperiments({ preset, scenario, findCapacity }: RunOptions): readonly Experiment[] {
  if (!findCapacity) {
    const named = scenario?.map((name) => experimentNamed(name, comparisonExperiments));
    if (named !== undefined) return [...new Set(named)];
    return comparisonExperiments.filter(({ presets }) => presets?.includes(preset) ?? true);
  }
  const wrong = scenario?.find((name) => name !== echo.name);
  if (wrong !== undefined) {
    throw new WirebenchError("usage", `--find-capacity searches on ${echo.name} only, not on ${wrong}`);
  }
  return [capacity];
}

/** The poll interval is an option of those protocols that have it. */
function chosenTargets(texts: readonly string[], options: RunOptions): Target[] {
  const targets = givenTargets(texts);
  if (options.pollInterval === undefined) return targets;
  const asked = targets.map((target) => withOption(target, pollInterval.name, options.pollInterval!));
  if (asked.every((target) => target === undefined)) {
    throw new WirebenchError("usage", "--poll-interval is given, but none of the targets polls");
  }
  return asked.map((target, index) => target ?? targets[index]!);
}

/** From an option to the settings it gives. */
const settingOptions: SettingOptions<RunOptions> = {
  connections: { flag: "--connections", settings: ["connections"] },
  idleConnections: { flag: "--idle-connections", settings: ["idleConnections"] },
  workers: { flag: "--workers", settings: ["workers"] },
  client: { flag: "--client", settings: ["client"] },
  duration: { flag: "--duration", settings: ["durationMs", "idleMs"] },
  warmup: { flag: "--warmup", settings: ["warmupMs"] },
  rate: { flag: "--rate", settings: ["ratePerSecond"] },
  arrivals: { flag: "--arrivals", settings: ["arrivals"] },
  inFlight: { flag: "--in-flight", settings: ["inFlight"] },
  payload: { flag: "--payload", settings: ["payloadBytes"] },
  payloadKind: { flag: "--payload-kind", settings: ["payloadKind"] },
  link: { flag: "--link", settings: ["link"] },
  slo: { flag: "--slo", settings: ["objective"] },
};
