import { Command, Option } from "commander";
import { WirebenchError } from "../../protocol/errors.ts";
import { type Policy, policies } from "../../protocol/policies.ts";
import { parseBytes, parseCount, parseDurationMs, parseRatePerSecond } from "../../protocol/units.ts";
import { type BalancerName, balancerNamed, balancerNames } from "../../servers/cluster/balancers/balancers.ts";
import { brokerNamed, brokerNames } from "../../servers/cluster/brokers/brokers.ts";
import { availableBrokers, clusterPresets, clusterTrials } from "../experiments/cluster/presets.ts";
import { setupOf } from "../experiments/cluster/setup.ts";
import { presets } from "../experiments/comparison/presets.ts";
import type { Experiment } from "../experiments/contract/experiment.ts";
import type { PresetName } from "../experiments/contract/request.ts";
import { clusterExperiments, experimentNamed } from "../experiments/experiments.ts";
import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import { keepUp } from "../rigs/cluster/up.ts";
import { balancedProtocolNamed, defaultProtocol } from "../targets/balanced-protocols.ts";
import { argument, choice } from "./argument.ts";
import { interruptSignal } from "./interrupt.ts";
import { measure } from "./measure.ts";
import { givenSettings, type SettingOptions, withOptions } from "./settings.ts";

interface ClusterOptions {
  preset: PresetName;
  experiment?: string[];
  nodes?: number;
  broker?: string[];
  balancer?: BalancerName;
  policy?: Policy;
  protocol?: string;
  users?: number;
  rate?: number;
  duration?: number;
  payload?: number;
  trials?: number;
  seed: number;
  trace?: string;
  out?: string;
  up?: boolean;
}

/** Marks what a quick run does without. */
const lineOf = ({ name, title, presets }: Experiment): string =>
  `  ${(presets?.includes("quick") ?? true) ? name : `${name}*`}`.padEnd(20) + title;

const examples = `
Examples:
  wirebench cluster                                   what decides, with every real broker
  wirebench cluster --broker redis --broker kafka     only the brokers you would run
  wirebench cluster --experiment broker-kill          one question
  wirebench cluster --experiment node-kill --nodes 5  more nodes
  wirebench cluster --preset standard                 every experiment, for longer
  wirebench cluster --up --broker nats                leave a cluster running, to explore

It ends with one screen: failures with their cause, which policy and which broker and
why, what each broker loses, and what was not measured. report.md has the rest.

Experiments, and what they are about (* not in the preset quick: name it to run it):
${clusterExperiments.map(lineOf).join("\n")}

HAProxy and the brokers are real programs: npm run setup installs them on Debian, and
wirebench list shows what is here. A program that is missing is named, and the rest runs.`;

const repeated = <T>(value: T, chosen: T[] = []): T[] => [...chosen, value];

export function clusterCommand(): Command {
  return new Command("cluster")
    .description(
      "starts WebSocket nodes behind a load balancer with a broker between them, breaks them, and says what to run and what it will lose",
    )
    .addOption(
      choice(new Option("--preset <name>", "how long and how much"), "preset", Object.keys(clusterPresets)).default(
        "quick",
      ),
    )
    .option(
      "--experiment <name>",
      "one experiment; may be repeated (default: all)",
      (name: string, chosen?: string[]) => repeated(name, chosen),
    )
    .option("--nodes <count>", "nodes of the cluster", argument(parseCount))
    .addOption(
      new Option(
        "--broker <name>",
        `a broker between the nodes; may be repeated (default: ${clusterPresets.quick.brokers.join(", ")})`,
      )
        .choices(["none", ...brokerNames])
        .argParser(brokerArgument),
    )
    .addOption(
      choice(
        new Option("--policy <name>", "how the load balancer spreads users, in experiments that do not vary it"),
        "policy",
        policies,
      ),
    )
    .addOption(
      choice(
        new Option("--balancer <name>", "load balancer, in experiments that do not need what only HAProxy does"),
        "load balancer",
        balancerNames,
      ),
    )
    .option(
      "--protocol <name>",
      `how users connect, in experiments that do not vary it (default: ${defaultProtocol.name})`,
    )
    .option("--users <count>", "virtual users, one connection each", argument(parseCount))
    .option("-R, --rate <messages per second>", "published by all users together", argument(parseRatePerSecond))
    .option("-d, --duration <time>", "length of each measured window, e.g. 5s", argument(parseDurationMs))
    .option("--payload <size>", "size of a published message, e.g. 256B", argument(parseBytes))
    .option("--trials <count>", "repetitions of every cell in fresh processes", argument(parseCount))
    .option(
      "--seed <number>",
      "seed of everything that chance decides",
      argument((text) => parseCount(text, 0)),
      1,
    )
    .option("--up", "start one cluster, print its addresses, and leave it running until Ctrl-C")
    .option("--trace <file>", "also write every raw histogram in the HdrHistogram log format, for other tools to plot")
    .option("--out <dir>", "where results.json, report.md and the charts go (default: reports/out/<time>/)")
    .addHelpText("after", examples)
    .action(async (options: ClusterOptions, command: Command) => {
      if (options.up) await up(options);
      else process.exitCode = await runExperiments(options, command);
    });
}

/** commander checks `choices` only through its own parser, which a repeated option replaces. */
const brokerArgument = (name: string, chosen?: string[]): string[] =>
  repeated(name === "none" ? name : brokerNamed(name).traits.name, chosen);

const settingOptions: SettingOptions<ClusterOptions> = {
  nodes: { flag: "--nodes", settings: ["nodes"] },
  broker: { flag: "--broker", settings: ["brokers"] },
  balancer: { flag: "--balancer", settings: ["balancer"] },
  policy: { flag: "--policy", settings: ["policy"] },
  protocol: { flag: "--protocol", settings: ["protocol"] },
  users: { flag: "--users", settings: ["users"] },
  rate: { flag: "--rate", settings: ["ratePerSecond"] },
  duration: { flag: "--duration", settings: ["durationMs"] },
  payload: { flag: "--payload", settings: ["payloadBytes"] },
};

async function runExperiments(options: ClusterOptions, command: Command): Promise<number> {
  const { preset } = options;
  const named = options.experiment?.map((name) => experimentNamed(name, clusterExperiments));
  const [chosen, leftOut] = named === undefined ? chosenBy(preset) : [named, []];
  const request = { targets: [], traffic: presets[preset].settings, cluster: settingsOf(options) };
  return await measure({
    command: ["wirebench", command.name(), ...command.parent!.args.slice(1)].join(" "),
    preset,
    leftOut: leftOut.map(({ name, title }) => ({ name, title, command: `wirebench cluster --experiment ${name}` })),
    seed: options.seed,
    trials: options.trials ?? clusterTrials[preset],
    parts: [...new Set(chosen)].map((experiment) => ({ experiment, request })),
    given: givenSettings(settingOptions, options),
    out: options.out,
    trace: options.trace,
  });
}

/** What a preset runs unasked, and what it does without. */
function chosenBy(preset: PresetName): [chosen: Experiment[], leftOut: Experiment[]] {
  const { chosen = [], leftOut = [] } = Object.groupBy(clusterExperiments, ({ presets }) =>
    (presets?.includes(preset) ?? true) ? "chosen" : "leftOut",
  );
  return [chosen, leftOut];
}

async function up(options: ClusterOptions): Promise<void> {
  const settings = settingsOf(options);
  const [broker = "memory"] = options.broker ?? [];
  using interrupt = interruptSignal("Stopping the cluster. Press Ctrl-C again to end at once.");
  await keepUp(setupOf(settings, { broker }), interrupt.signal);
}

/** Throws `usage` for what no experiment can do. */
function settingsOf(options: ClusterOptions): ClusterSettings {
  const preset: ClusterSettings = clusterPresets[options.preset];
  const settings = withOptions({ ...preset, brokers: availableBrokers(preset) }, settingOptions, options);
  if (settings.nodes < 2 && !options.up) {
    throw new WirebenchError("usage", `expected at least 2 nodes, got ${settings.nodes}: one is no cluster`);
  }
  const { balancer, policy } = settings;
  if (balancer !== undefined && policy !== undefined && !balancerNamed(balancer).policies.includes(policy)) {
    const { policies } = balancerNamed(balancer);
    throw new WirebenchError("usage", `${balancer} has no policy ${policy}: expected one of ${policies.join(", ")}`);
  }
  return { ...settings, protocol: balancedProtocolNamed(settings.protocol).name };
}
