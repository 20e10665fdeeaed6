/** What the experiments on a cluster mean for who must decide: misses with their causes, then the classic problems in numbers. */
import type { Parameters } from "../../results/contract/results.ts";
import { type MetricName, metricNamed } from "../../results/metrics/metrics.ts";
import { formatList, formatRange } from "../../results/quantities/format.ts";
import { oneLine } from "../text/markdown.ts";
import { expectedInWords, measuredInWords, middleOf, wordsOf } from "../view/shown-estimate.ts";
import { type CellView, comparesBrokers, hasFault, type PredictionView, type ReportView } from "../view/view.ts";
import { flagInShort } from "./problems.ts";
import type { ScreenPart } from "./screen-table.ts";

/** Undefined where nothing was predicted but of the targets of a comparison, whose table says more, and all of it held. */
export function clusterPart(view: ReportView): ScreenPart | undefined {
  const { predictions, results } = view;
  const isCluster = results.cells.some(({ parameters }) => parameters.nodes !== undefined);
  const missed = predictions.filter(({ verdict }) => verdict === "failed");
  if (missed.length === 0 && (!isCluster || predictions.length === 0)) return undefined;
  const statements = [stateProblem(view), broadcastProblem(view), lossesInFailures(view), comingBack(view)];
  return {
    failures: missed.map(missInWords),
    sure: statements.filter((line) => line !== undefined),
  };
}

/** A prediction that did not hold, and whose doing that is: only what the system did is a result. */
function missInWords(found: PredictionView): string {
  const { metric, expected } = found.prediction;
  const { title, unit } = metricNamed(metric);
  return `${oneLine(found.experiment.info.title)}, ${found.cell.name}: ${oneLine(title)} ${measuredInWords(found)}, expected ${expectedInWords(expected, unit)}. Cause: ${causeOf(found)}.`;
}

function causeOf({ cell: { cell } }: PredictionView): string {
  const flags = cell.state === "measured" ? cell.validity.flags : [];
  const other = flags.find(({ cause }) => cause === "wirebench") ?? flags.find(({ cause }) => cause === "machine");
  if (other === undefined) return "the system under test";
  return `perhaps ${other.cause === "machine" ? "the machine" : "wirebench"} (${flagInShort(other)})`;
}

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
      (policy, { state, cookies }) => policy === "leastconn+cookie" && state !== "outside" && cookies !== "ignored",
    );
    const outside = first((policy, { state }) => policy === "round-robin" && state === "outside");
    const what = metric === "rejoinFoundFraction" ? "who came back" : "in the middle of a session";
    const remedies = [
      ...(sticky ? [`a cookie that names the node ${wordsOf(sticky, metric)}`] : []),
      ...(outside ? [`state outside the nodes ${wordsOf(outside, metric)}`] : []),
    ];
    return `State on a node: behind round-robin ${wordsOf(without, metric)} of those ${what} find it${remedies.length > 0 ? `; with ${remedies.join(", with ")}` : ""}.`;
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
  const firstPerBroker = [...Map.groupBy(cells, ({ cell }) => cell.parameters.broker!)].filter(
    ([broker]) => broker !== "none",
  );
  const byShare = Map.groupBy(firstPerBroker, ([, [first]]) => wordsOf(first!, metric)!);
  const brokers = [...byShare].map(
    ([share, alike]) => `${formatList(alike.map(([broker]) => brokerTitle(broker)))} ${share}`,
  );
  return `Broadcast over ${lonely.cell.parameters.nodes} nodes: without a broker ${wordsOf(lonely, metric)} arrives${brokers.length > 0 ? `; with ${brokers.join(", with ")}` : ""}.`;
}

/** What was lost unnoticed where something was broken and brokers differ, since that is what one must know of them. */
function lossesInFailures({ experiments }: ReportView): string | undefined {
  const told = experiments
    .filter((experiment) => hasFault(experiment) && comparesBrokers(experiment))
    .flatMap(({ cells }) => cells.filter((cell) => middleOf(cell, "silentLossDeliveries") !== undefined));
  if (told.length === 0) return undefined;
  const losing = (metric: MetricName): CellView[] => told.filter((cell) => (middleOf(cell, metric) ?? 0) > 0);
  const silent = losing("silentLossDeliveries");
  const declared = losing("declaredLossDeliveries").filter((cell) => !silent.includes(cell));
  const lossless = told.filter((cell) => !silent.includes(cell) && !declared.includes(cell));
  const named = (cells: readonly CellView[]): string[] => [...new Set(cells.map(({ name }) => name))];
  return `When something broke: messages lost unnoticed with ${formatList(named(silent)) || "none"}${[
    ...(declared.length > 0 ? [`lost, but somebody was told, with ${formatList(named(declared))}`] : []),
    ...(lossless.length > 0 ? [`none lost with ${formatList(named(lossless))}`] : []),
  ]
    .map((text) => `; ${text}`)
    .join("")}.`;
}

/** How long users were away after what was broken. */
function comingBack({ experiments }: ReportView): string | undefined {
  const metric = "p99ReconnectedMs";
  const { unit } = metricNamed(metric);
  const told = experiments.flatMap(({ info, cells }) => {
    const known = cells.flatMap((cell) => middleOf(cell, metric) ?? []);
    return known.length === 0
      ? []
      : [`${oneLine(info.name)} ${formatRange(Math.min(...known), Math.max(...known), unit)}`];
  });
  return told.length === 0 ? undefined : `Until 99 % of the users cut off were back: ${told.join(", ")}.`;
}
