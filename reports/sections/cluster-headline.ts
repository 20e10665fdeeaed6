/** What a cluster teaches a reader in a hurry: the two classic problems in numbers, what was lost, what did not hold. */
import type { Parameters } from "../../results/contract/results.ts";
import { type MetricName, metricNamed } from "../../results/metrics/metrics.ts";
import { formatList, plural } from "../../results/quantities/format.ts";
import { blocks, bullets, escapeText } from "../text/markdown.ts";
import { expectedInWords, measuredInWords, middleOf, wordsOf } from "../view/shown-estimate.ts";
import { type CellView, comparesBrokers, hasFault, type ReportView } from "../view/view.ts";

export const clusterHeadline = (view: ReportView): string =>
  blocks(
    bullets(
      [stateProblem(view), broadcastProblem(view), ...lossesInFailures(view)].filter((line) => line !== undefined),
    ),
    disappointments(view),
  );

/** Those of several nodes. */
const clustered = (cells: readonly CellView[]): CellView[] =>
  cells.filter(({ cell }) => (cell.parameters.nodes ?? 1) > 1);

const foundMetrics = ["rejoinFoundFraction", "stepsFoundFraction"] as const;

/** State on a node, without and with stickiness: the first cells that show it. */
function stateProblem({ experiments }: ReportView): string | undefined {
  const cells = clustered(experiments.flatMap((experiment) => experiment.cells));
  for (const metric of foundMetrics) {
    const known = cells.filter((cell) => middleOf(cell, metric) !== undefined);
    const first = (matches: (policy: string | undefined, settings: Parameters["settings"]) => boolean) =>
      known.find(({ cell: { parameters } }) => matches(parameters.policy, parameters.settings));
    const without = first((policy, { state }) => policy === "round-robin" && state !== "outside");
    if (without === undefined) continue;
    const sticky = first(
      (policy, { state, cookies }) => policy === "sticky" && state !== "outside" && cookies !== "ignored",
    );
    const outside = first((policy, { state }) => policy === "round-robin" && state === "outside");
    const what = metric === "rejoinFoundFraction" ? "users who came back" : "steps of a session";
    const remedies = [
      ...(sticky ? [`with a cookie that names the node for ${wordsOf(sticky, metric)}`] : []),
      ...(outside ? [`with the state outside the nodes for ${wordsOf(outside, metric)}`] : []),
    ];
    return `**State lives on one node.** With ${without.cell.parameters.nodes} nodes behind round-robin it was found for ${wordsOf(without, metric)} of the ${what}${remedies.length > 0 ? `; ${remedies.join(", ")}` : ""}.`;
  }
  return undefined;
}

/** What arrives without a broker, and with each of those in the same experiment, where nothing was broken. */
function broadcastProblem({ experiments, brokerTitle }: ReportView): string | undefined {
  const metric = "deliveredFraction";
  const told = experiments
    .filter((experiment) => comparesBrokers(experiment) && !hasFault(experiment))
    .map(({ cells }) => clustered(cells).filter((cell) => middleOf(cell, metric) !== undefined));
  const isLonely = ({ cell }: CellView): boolean => cell.parameters.broker === "none";
  const cells = told.find((candidates) => candidates.some(isLonely));
  if (cells === undefined) return undefined;
  const lonely = cells.find(isLonely)!;
  const firstPerBroker = [...Map.groupBy(cells, ({ cell }) => cell.parameters.broker!)];
  const brokers = firstPerBroker
    .filter(([broker]) => broker !== "none")
    .map(([broker, [first]]) => `${escapeText(brokerTitle(broker))} ${wordsOf(first!, metric)}`);
  return `**A node knows only its own users.** With ${lonely.cell.parameters.nodes} nodes and no broker ${wordsOf(lonely, metric)} of the deliveries owed arrived${brokers.length > 0 ? `; with a broker between the nodes: ${formatList(brokers)}` : ""}.`;
}

/** What was lost in each experiment that breaks something and compares brokers, cell by cell: they differ in more than the broker. */
function lossesInFailures({ experiments }: ReportView): string[] {
  return experiments
    .filter((experiment) => hasFault(experiment) && comparesBrokers(experiment))
    .flatMap(({ info, cells }) => {
      const told = cells.filter((cell) => middleOf(cell, "silentLossDeliveries") !== undefined);
      if (told.length === 0) return [];
      const losing = (metric: MetricName): CellView[] => told.filter((cell) => (middleOf(cell, metric) ?? 0) > 0);
      const silent = losing("silentLossDeliveries");
      const declared = losing("declaredLossDeliveries");
      const lossless = told.length - new Set([...silent, ...declared]).size;
      const lines = [
        ...silent.map((cell) => `${escapeText(cell.name)}: ${wordsOf(cell, "silentLossDeliveries")} silent`),
        ...declared.map((cell) => `${escapeText(cell.name)}: ${wordsOf(cell, "declaredLossDeliveries")} declared`),
        ...(lossless > 0 ? [`nothing in ${plural(lossless, "other cell")}`] : []),
      ];
      return [
        `**${escapeText(info.title)}**, deliveries lost (silent: nobody was told; declared: the publisher or the recipient was): ${lines.join("; ")}.`,
      ];
    });
}

function disappointments({ predictions }: ReportView): string | undefined {
  const failed = predictions.filter(({ verdict }) => verdict === "failed");
  if (failed.length === 0) return undefined;
  const lines = failed.map((found) => {
    const { metric, expected, formula } = found.prediction;
    const { title, unit } = metricNamed(metric);
    return `**${escapeText(found.experiment.info.title)}, ${escapeText(found.cell.name)}**: expected ${escapeText(title)} ${expectedInWords(expected, unit)} (${escapeText(formula)}), measured ${measuredInWords(found)}.`;
  });
  return blocks("What did not hold:", bullets(lines));
}
