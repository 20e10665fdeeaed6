import { join } from "node:path";
import { Command, Option } from "commander";
import { WirebenchError } from "../../protocol/errors.ts";
import { parseBytes, parseCount, parsePercent, parseRatePerSecond } from "../../protocol/units.ts";
import { brokersWithCosts, type CostModel, costModel, isPlannable } from "../../reports/plan/cost-model.ts";
import { missingCosts, planCluster } from "../../reports/plan/plan.ts";
import type { PlanRequest } from "../../reports/plan/plan-sizing.ts";
import { planAsData, renderPlanMarkdown, renderPlanText } from "../../reports/plan/plan-views.ts";
import type { Results } from "../../results/contract/results.ts";
import { costExperiment } from "../../results/metrics/cost-metrics.ts";
import { formatList } from "../../results/quantities/format.ts";
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
  json?: boolean;
  markdown?: boolean;
}

const examples = `
Example:
  wirebench cluster                                        measures, among others, what a message costs
  wirebench plan --users 1000000 --messages-per-user 0.1 --fanout 20
  wirebench plan --users 50000 --messages-per-user 0.5/s --fanout 10 --broker nats --node-memory 2GiB --json

The plan is arithmetic over measured costs. Every formula is shown with its numbers, and every result says how far beyond
the measurement it lies.`;

const resultsFolder = join("reports", "out");

export function planCommand(): Command {
  const count = argument((text: string) => parseCount(text));
  const share = argument(parseShare);
  return new Command("plan")
    .description("say how many nodes and how much broker, load balancer and network a number of users needs")
    .requiredOption("--users <count>", "users connected at once", count)
    .requiredOption(
      "--messages-per-user <rate>",
      "messages one user publishes per second, e.g. 0.1",
      argument(parseRatePerSecond),
    )
    .requiredOption("--fanout <count>", "users who receive a message, on average", count)
    .option("--payload <size>", "size of a message (default: as measured)", argument(parseBytes))
    .addOption(
      choice(
        new Option("--broker <name>", "broker between the nodes (default: the first with measured costs)"),
        "broker",
        brokerNames.filter(isPlannable),
      ),
    )
    .option("--from <results.json>", `measured costs (default: the newest in ${resultsFolder})`)
    .option("--node-cores <count>", "cores a node may use", count, 1)
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
    .addOption(new Option("--json", "print the plan as JSON").conflicts("markdown"))
    .option("--markdown", "print it as markdown")
    .addHelpText("after", examples)
    .action((options: PlanOptions) => {
      const request = requestOf(options);
      const { path, results } = resultsFrom(options.from);
      const plan = planCluster(request, modelFrom(path, results, options));
      const source = { file: path, results };
      if (options.json) process.stdout.write(`${JSON.stringify(planAsData(plan, source), null, 1)}\n`);
      else process.stdout.write(`${(options.markdown ? renderPlanMarkdown : renderPlanText)(plan, source)}\n`);
    });
}

/** `60%` as 0.6; not more than all. */
function parseShare(text: string): number {
  const share = parsePercent(text);
  if (share > 1) throw new WirebenchError("usage", `expected a percentage up to 100%, got "${text}"`);
  return share;
}

function requestOf({ users, fanout, payload, ...rest }: PlanOptions): PlanRequest {
  if (fanout > users) {
    throw new WirebenchError("usage", `--fanout ${fanout} contradicts --users ${users}: no more users can receive it`);
  }
  return {
    users,
    messagesPerUserPerSecond: rest.messagesPerUser,
    fanout,
    ...(payload !== undefined && { payloadBytes: payload }),
    nodeCores: rest.nodeCores,
    cpuTarget: rest.cpuTarget,
    nodeMemoryBytes: rest.nodeMemory,
    memoryTarget: rest.memoryTarget,
  };
}

function resultsFrom(path: string | undefined): { path: string; results: Results } {
  if (path !== undefined) return { path, results: readResults(path) };
  const newest = newestResults(resultsFolder, (results) => brokersWithCosts(results).length > 0);
  if (newest !== undefined) return newest;
  throw new WirebenchError("usage", `there are no results with the costs of a cluster below ${resultsFolder}`, {
    hint: "run `wirebench cluster` first or name a results file with --from",
  });
}

const measureFirst = {
  hint: `the experiment \`${costExperiment}\` of wirebench cluster measures them: run it, or name another results file with --from`,
};

function modelFrom(path: string, results: Results, { broker: asked, payload }: PlanOptions): CostModel {
  const measured = brokersWithCosts(results);
  const broker = asked ?? measured[0];
  const model = broker === undefined ? undefined : costModel(results, broker, payload);
  if (model === undefined) {
    const whose = asked === undefined ? "" : ` with ${asked}`;
    const others = measured.length === 0 ? "" : `; it has those of ${formatList(measured)}`;
    throw new WirebenchError("usage", `${path} has no measured costs of a cluster${whose}${others}`, measureFirst);
  }
  const missing = missingCosts(model);
  if (missing.length > 0) {
    const names = formatList(missing);
    throw new WirebenchError("usage", `${path} lacks what a plan needs for ${model.broker}: ${names}`, measureFirst);
  }
  return model;
}
