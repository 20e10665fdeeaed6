import { Command, Option } from "commander";
import { describeError, WirebenchError } from "../../protocol/errors.ts";
import { payloadBytesMin } from "../../protocol/messages/message.ts";
import { renderClusterReport, renderClusterSummary } from "../../reports/cluster/report.ts";
import { type BrokerName, brokerNames, type Policy, policies } from "../../results/contract/cluster-results.ts";
import { availableBrokers, type ClusterPresetName, clusterPresets } from "../experiments/cluster/presets.ts";
import { setupOf } from "../experiments/cluster/setup.ts";
import { experimentNamed, experiments } from "../experiments/experiments.ts";
import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import { keepUp } from "../rigs/cluster/up.ts";
import { runCluster } from "../run/cluster-run.ts";
import { balancedProtocolNamed, defaultProtocol } from "../targets/balanced-protocols.ts";
import { argument } from "./argument.ts";
import { ClusterProgress } from "./cluster-progress.ts";
import { exitCodeOf } from "./exit-codes.ts";
import { interruptSignal } from "./interrupt.ts";
import { defaultOutputFolder, OutputFolder } from "./output.ts";
import { parseBytes, parseCount, parseDurationMs, parseRatePerSecond } from "./units.ts";

interface ClusterOptions {
  preset: ClusterPresetName;
  experiment?: string[];
  nodes?: number;
  broker?: BrokerName[];
  policy?: Policy;
  protocol?: string;
  users?: number;
  rate?: number;
  duration?: number;
  payload?: number;
  trials?: number;
  seed: number;
  out?: string;
  up?: boolean;
}

const examples = `
Examples:
  wirebench cluster                                            every experiment, every real broker, preset quick
  wirebench cluster --experiment broadcast --broker redis      one experiment with one broker
  wirebench cluster --experiment node-kill --nodes 5           more nodes
  wirebench cluster --up --broker nats --nodes 3               leave a cluster running to explore

Experiments:
${experiments.map(({ name, question }) => `  ${name.padEnd(18)} ${question}`).join("\n")}

HAProxy, Redis, NATS and Kafka are real: npm run setup installs them on Debian, wirebench list shows what is here.`;

const repeated = <T>(value: T, chosen: T[] = []): T[] => [...chosen, value];

export function clusterCommand(): Command {
  return new Command("cluster")
    .description(
      "horizontal scaling: what a load balancer and a broker do for state and broadcasts, and what failures cost",
    )
    .addOption(
      new Option("--preset <name>", "how long and how much").choices(Object.keys(clusterPresets)).default("quick"),
    )
    .option(
      "--experiment <name>",
      "one experiment; may be repeated (default: all)",
      (name: string, chosen?: string[]) => repeated(name, chosen),
    )
    .option("--nodes <count>", "nodes of the cluster", argument(parseCount))
    .addOption(
      new Option("--broker <name>", "a broker between the nodes; may be repeated (default: every real one)")
        .choices(brokerNames)
        .argParser(brokerArgument),
    )
    .addOption(
      new Option("--policy <name>", "how the load balancer spreads users, in experiments that do not vary it").choices(
        policies,
      ),
    )
    .option(
      "--protocol <name>",
      `how users connect, in experiments that do not vary it (default: ${defaultProtocol.name})`,
    )
    .option("--users <count>", "simulated users, one connection each", argument(parseCount))
    .option("-R, --rate <messages per second>", "published by all users together", argument(parseRatePerSecond))
    .option("-d, --duration <time>", "length of a measured stretch of traffic, e.g. 5s", argument(parseDurationMs))
    .option("--payload <size>", "size of a published message, e.g. 256B", argument(parseBytes))
    .option("--trials <count>", "repetitions of every arm with fresh processes", argument(parseCount))
    .option(
      "--seed <number>",
      "seed of everything that chance decides",
      argument((text) => parseCount(text, 0)),
      1,
    )
    .option("--up", "start one cluster, print its addresses, and leave it running until Ctrl-C")
    .option("--out <dir>", "where results.json, report.md and the charts go (default: reports/out/<time>/)")
    .addHelpText("after", examples)
    .action(async (options: ClusterOptions, command: Command) => {
      if (options.up) await up(options);
      else process.exitCode = await experiment(options, command);
    });
}

/** commander checks `choices` only through its own parser, which a repeated option replaces. */
function brokerArgument(name: string, chosen: BrokerName[] | undefined): BrokerName[] {
  const known = brokerNames.find((broker) => broker === name);
  if (known === undefined) {
    throw new WirebenchError("usage", `unknown broker "${name}": expected one of ${brokerNames.join(", ")}`);
  }
  return repeated(known, chosen);
}

async function experiment(options: ClusterOptions, command: Command): Promise<number> {
  const settings = applyOptions(options);
  const chosen = options.experiment?.map(experimentNamed) ?? experiments;
  const output = new OutputFolder(options.out ?? defaultOutputFolder(new Date()));
  using interrupt = interruptSignal(
    "Stopping: what is measured so far will be written. Press Ctrl-C again to end at once.",
  );
  const progress = new ClusterProgress((results) => {
    try {
      output.writeResults(results);
    } catch (error) {
      progress.say(`not saved    ${describeError(error)}; trying again after the next arm`);
    }
  });
  const plan = {
    command: ["wirebench", command.name(), ...command.parent!.args.slice(1)].join(" "),
    preset: options.preset,
    seed: options.seed,
    settings,
    experiments: [...new Set(chosen)],
  };
  const results = await runCluster(plan, progress, interrupt.signal);
  progress.done();
  process.stdout.write(`${renderClusterSummary(results)}\n`);
  output.writeResults(results);
  for (const [name, content] of await renderClusterReport(results)) output.write(name, content);
  process.stdout.write(`Report: ${output.path}/report.md\n`);
  return exitCodeOf(results);
}

async function up(options: ClusterOptions): Promise<void> {
  const settings = applyOptions(options);
  const [broker = "memory"] = options.broker ?? [];
  using interrupt = interruptSignal("Stopping the cluster. Press Ctrl-C again to end at once.");
  await keepUp(setupOf(settings, { broker }), interrupt.signal);
}

function applyOptions(options: ClusterOptions): ClusterSettings {
  const preset: ClusterSettings = clusterPresets[options.preset];
  const protocol = balancedProtocolNamed(options.protocol ?? preset.protocol).name;
  const nodes = options.nodes ?? preset.nodes;
  if (nodes < 2 && !options.up)
    throw new WirebenchError("usage", `expected at least 2 nodes, got ${nodes}: one is no cluster`);
  const payloadBytes = options.payload ?? preset.payloadBytes;
  if (payloadBytes < payloadBytesMin) {
    throw new WirebenchError("usage", `expected a payload of at least ${payloadBytesMin}B, got ${payloadBytes}B`);
  }
  return {
    ...preset,
    nodes,
    protocol,
    brokers: options.broker ?? availableBrokers(preset),
    users: options.users ?? preset.users,
    ratePerSecond: options.rate ?? preset.ratePerSecond,
    durationMs: options.duration ?? preset.durationMs,
    payloadBytes,
    trials: options.trials ?? preset.trials,
    ...(options.policy !== undefined && { policy: options.policy }),
  };
}
