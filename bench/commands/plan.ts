import { join } from "node:path";
import { Command, Option } from "commander";
import { WirebenchError } from "../../protocol/errors.ts";
import { parseBytes, parseCount, parsePercent, parseRatePerSecond } from "../../protocol/units.ts";
import { isPlannable, type Plan, type PlanRequest, planCluster } from "../../reports/plan/plan.ts";
import { planAsData, renderPlanMarkdown, renderPlanText } from "../../reports/plan/plan-views.ts";
import type { Results } from "../../results/contract/results.ts";
import { costExperiment } from "../../results/metrics/cost-metrics.ts";
import { formatCount, formatList } from "../../results/quantities/format.ts";
import { brokerNames } from "../../servers/cluster/brokers/brokers.ts";
import { argument, choice } from "./argument.ts";
import { newestResults, readResults } from "./read-results.ts";

interface PlanOptions {
  users: number;
  messagesPerUser: number;
  fanout: number;
  payload?: number;
  broker?: string;
  from?: string;
  nodeCores: number;
  cpuTarget: number;
  nodeMemory: number;
  memoryTarget: number;
  explain?: boolean;
  json?: boolean;
  markdown?: boolean;
}

const examples = `
Example:
  wirebench cluster                                        measures, among others, what a message costs
  wirebench plan --users 1000000 --messages-per-user 0.1 --fanout 20
  wirebench plan --users 50000 --messages-per-user 0.5/s --fanout 10 --broker nats --explain

The plan is arithmetic over measured costs: idle, per wake-up, per message, per delivery. --explain shows all of it, and
every result says how far beyond the measurement it lies.`;

const resultsFolder = join("reports", "out");

export function planCommand(): Command {
  const count = argument((text: string) => parseCount(text));
  const share = argument(parseShare);
  return new Command("plan")
    .description("say what nodes, broker and load balancer carry, what limits them, and how many nodes it takes")
    .requiredOption("--users <count>", "users connected at once", count)
    .requiredOption(
      "--messages-per-user <rate>",
      "messages one user publishes per second, e.g. 0.1",
      argument(parseRatePerSecond),
    )
    .requiredOption("--fanout <count>", "users who receive a message, on average", count)
    .option("--payload <size>", "size of a message: refused where another one was measured", argument(parseBytes))
    .addOption(
      choice(
        new Option("--broker <name>", "broker between the nodes (default: all with measured costs)"),
        "broker",
        brokerNames.filter(isPlannable),
      ),
    )
    .option("--from <results.json>", `measured costs (default: the newest in ${resultsFolder})`)
    .option("--node-cores <count>", "cores of a machine that nodes run on; each node uses one", count, 1)
    .addOption(
      new Option("--cpu-target <share>", "how busy cores may be on average").argParser(share).default(0.6, "60%"),
    )
    .addOption(
      new Option("--node-memory <size>", "memory of a node, e.g. 4GiB")
        .argParser(argument(parseBytes))
        .default(4 * 1024 ** 3, "4GiB"),
    )
    .addOption(
      new Option("--memory-target <share>", "how full memory may be on average").argParser(share).default(0.75, "75%"),
    )
    .option("--explain", "show the formulas and what went into them")
    .addOption(new Option("--json", "print the plan as JSON, complete").conflicts("markdown"))
    .option("--markdown", "print it as markdown, complete")
    .addHelpText("after", examples)
    .action((options: PlanOptions) => {
      const request = requestOf(options);
      const { path, results } = resultsFrom(options.from);
      const plan = planFrom(path, results, request, options);
      const origin = { file: path, results };
      const text = options.json
        ? JSON.stringify(planAsData(plan, origin), null, 1)
        : options.markdown
          ? renderPlanMarkdown(plan, origin)
          : renderPlanText(plan, origin, options);
      process.stdout.write(`${text}\n`);
    });
}

/** `60%` as 0.6; not more than all. */
function parseShare(text: string): number {
  const share = parsePercent(text);
  if (share > 1) throw new WirebenchError("usage", `expected a percentage up to 100%, got "${text}"`);
  return share;
}

function requestOf({ users, fanout, ...rest }: PlanOptions): PlanRequest {
  if (fanout > users) {
    throw new WirebenchError("usage", `--fanout ${fanout} contradicts --users ${users}: no more users can receive it`);
  }
  return {
    users,
    messagesPerUserPerSecond: rest.messagesPerUser,
    fanout,
    cpuTarget: rest.cpuTarget,
    nodeMemoryBytes: rest.nodeMemory,
    memoryTarget: rest.memoryTarget,
    machineCores: rest.nodeCores,
  };
}

/** Whether the experiment ran at all; whether its cells may be used is the plan's to say. */
export const hasCosts = ({ cells }: Results): boolean =>
  cells.some(({ scenario, state }) => scenario === costExperiment && state === "measured");

function resultsFrom(path: string | undefined): { path: string; results: Results } {
  if (path !== undefined) return { path, results: readResults(path) };
  const newest = newestResults(resultsFolder, hasCosts);
  if (newest !== undefined) return newest;
  throw new WirebenchError("usage", `there are no results with the costs of a cluster below ${resultsFolder}`, {
    hint: "run `wirebench cluster` first or name a results file with --from",
  });
}

const measureFirst = {
  hint: `the experiment \`${costExperiment}\` of wirebench cluster measures them: run it, or name another results file with --from`,
};

function planFrom(path: string, results: Results, request: PlanRequest, { broker, payload }: PlanOptions): Plan {
  const plan = planCluster(request, results, broker);
  if (plan.brokers.length === 0) {
    const whose = broker === undefined ? "" : ` with ${broker}`;
    const why = plan.refused.map((one) => `${one.broker} is left out: ${one.why}`);
    const measured = new Set(results.cells.filter(({ scenario }) => scenario === costExperiment).map(brokerOf));
    const others = why.length > 0 || measured.size === 0 ? why : [`it has those of ${formatList([...measured])}`];
    const message = [`${path} has no usable costs of a cluster${whose}`, ...others].join("; ");
    throw new WirebenchError("usage", message, measureFirst);
  }
  if (payload !== undefined && payload !== plan.payloadBytes) {
    throw new WirebenchError(
      "usage",
      `--payload ${formatCount(payload)} B was not measured: the costs in ${path} are of ${formatCount(plan.payloadBytes)} B, and what a byte costs is not known`,
      { hint: `measure them: wirebench cluster --experiment ${costExperiment} --payload ${payload}B` },
    );
  }
  return plan;
}

const brokerOf = ({ parameters }: Results["cells"][number]): string => parameters.broker ?? "none";
