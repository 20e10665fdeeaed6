/** What a reader in a hurry should take away: what held, what did not, and the two classic problems in numbers. */

import type { ClusterParameters, ExperimentInfo } from "../../../results/contract/cluster-results.ts";
import { clusterMetricNamed } from "../../../results/metrics/cluster-metrics.ts";
import { formatList, plural } from "../../../results/quantities/format.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import { expectedInWords, measuredInWords, middleOf, readArm, wordsOf } from "../../view/cluster-reading.ts";
import {
  type ArmView,
  type ClusterView,
  comparesBrokers,
  type ExperimentView,
  hasFault,
  usableArm,
} from "../../view/cluster-view.ts";
import { type Section, textSection } from "./section.ts";

export function clusterHeadlineSection(view: ClusterView): Section {
  const { results } = view;
  const brokers = new Set(results.cells.map(({ parameters }) => parameters.broker));
  const titles = formatList([...brokers].map(view.brokerTitle));
  const interrupted =
    results.interrupted &&
    "> **Interrupted run.** What is here was measured in full trials; what is not here was not run, and arms may have fewer trials than planned.";
  const problems = [stateProblem(view), broadcastProblem(view), ...lossesInFailures(view)].filter(
    (line) => line !== undefined,
  );
  return textSection(
    blocks(
      `# wirebench cluster: ${escapeText(titles) || "nothing measured"}`,
      interrupted || undefined,
      scopeOf(view),
      bullets(problems),
      disappointments(view),
    ),
  );
}

/** How many of each, in words: `12 predictions held, 1 did not hold`. */
export function tallyOf({ predictions }: ClusterView): string {
  const count = (verdict: string): number => predictions.filter((found) => found.verdict === verdict).length;
  if (predictions.length === 0) return "no prediction was put to the test";
  return [
    `${count("held")} of ${plural(predictions.length, "prediction")} held`,
    ...(count("failed") > 0 ? [`${count("failed")} did not hold`] : []),
    ...(count("not-measured") > 0 ? [`${count("not-measured")} could not be measured`] : []),
  ].join(", ");
}

function scopeOf(view: ClusterView): string {
  const { cells } = view.results;
  if (cells.length === 0) return "No arm was run, so there is nothing to tell.";
  const measured = cells.filter(({ state }) => state === "measured").length;
  const notRun = cells.filter(({ state }) => state === "not-run").length;
  const failed = cells.filter(({ state }) => state === "failed").length;
  const rest = [
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(notRun > 0 ? [`${notRun} not run (each with its reason below)`] : []),
  ];
  return `${plural(view.experiments.length, "experiment")}, ${measured} of ${plural(cells.length, "arm")} measured with up to ${plural(view.trials, "trial")} each${rest.length > 0 ? `, ${formatList(rest)}` : ""}. **${tallyOf(view)}.** ${spreadInWords(view)}`;
}

const spreadInWords = ({ trials }: ClusterView): string =>
  trials <= 1
    ? "One trial has no spread: a number is what was seen once."
    : "Brackets hold the lowest and the highest trial; with so few, no confidence is claimed.";

/** Arms of a group whose numbers may be used. */
const armsOf = (view: ClusterView, group: ExperimentInfo["group"]): ArmView[] =>
  view.groups
    .filter(({ name }) => name === group)
    .flatMap(({ experiments }) => experiments.flatMap(({ arms }) => arms))
    .filter((arm) => usableArm(arm) !== undefined && arm.cell.parameters.nodes > 1);

const foundMetrics = ["rejoinFoundFraction", "stepsFoundFraction"] as const;

/** State on a node, without and with stickiness: the first arms that show it. */
function stateProblem(view: ClusterView): string | undefined {
  const arms = armsOf(view, "state");
  for (const metric of foundMetrics) {
    const known = arms.filter((arm) => middleOf(arm, metric) !== undefined);
    const first = (matches: (parameters: ClusterParameters) => boolean) =>
      known.find(({ cell }) => matches(cell.parameters));
    const without = first(({ policy, state }) => policy === "round-robin" && state === "node");
    if (without === undefined) continue;
    const sticky = first(({ policy, state, cookies }) => policy === "sticky" && state === "node" && cookies === "kept");
    const outside = first(({ policy, state }) => policy === "round-robin" && state === "outside");
    const what = metric === "rejoinFoundFraction" ? "users who came back" : "steps of a session";
    const remedies = [
      ...(sticky ? [`with a cookie that names the node for ${wordsOf(sticky, metric)}`] : []),
      ...(outside ? [`with the state outside the nodes for ${wordsOf(outside, metric)}`] : []),
    ];
    return `**State lives on one node.** With ${without.cell.parameters.nodes} nodes behind round-robin it was found for ${wordsOf(without, metric)} of the ${what}${remedies.length > 0 ? `; ${remedies.join(", ")}` : ""}.`;
  }
  return undefined;
}

/** What arrives without a broker, and with each of those in the same experiment. */
function broadcastProblem(view: ClusterView): string | undefined {
  const metric = "deliveredFraction";
  const lonely = armsOf(view, "broadcast").find(
    (arm) => arm.cell.parameters.broker === "none" && middleOf(arm, metric) !== undefined,
  );
  if (lonely === undefined) return undefined;
  const experiment = view.experiments.find(({ arms }) => arms.includes(lonely))!;
  const helped = firstPerBroker(experiment).filter(
    ({ cell, ...arm }) => cell.parameters.broker !== "none" && middleOf({ cell, ...arm }, metric) !== undefined,
  );
  const brokers = helped.map(
    (arm) => `${escapeText(view.brokerTitle(arm.cell.parameters.broker))} ${wordsOf(arm, metric)}`,
  );
  return `**A node knows only its own users.** With ${lonely.cell.parameters.nodes} nodes and no broker ${wordsOf(lonely, metric)} of the deliveries owed arrived${brokers.length > 0 ? `; with a broker between the nodes: ${formatList(brokers)}` : ""}.`;
}

/** What was lost in each experiment that breaks something and compares brokers, arm by arm: they differ in more than the broker. */
function lossesInFailures({ experiments }: ClusterView): string[] {
  return experiments
    .filter((experiment) => hasFault(experiment) && comparesBrokers(experiment))
    .flatMap(({ info, arms }) => {
      const told = arms.filter((arm) => readArm(arm, "silentLossDeliveries").kind === "value");
      const withLoss = (metric: string, word: string): string[] =>
        told
          .filter((arm) => (middleOf(arm, metric) ?? 0) > 0)
          .map((arm) => `${escapeText(arm.name)}: ${wordsOf(arm, metric)} ${word}`);
      const silent = withLoss("silentLossDeliveries", "silent");
      const declared = withLoss("declaredLossDeliveries", "declared");
      if (told.length === 0) return [];
      const lossless = told.length - new Set([...silent, ...declared].map((line) => line.split(":")[0])).size;
      const lines = [...silent, ...declared, ...(lossless > 0 ? [`nothing in ${plural(lossless, "other arm")}`] : [])];
      return [
        `**${escapeText(info.title)}**, deliveries lost (silent: nobody was told; declared: the publisher or the recipient was): ${lines.join("; ")}.`,
      ];
    });
}

const firstPerBroker = ({ arms }: ExperimentView): ArmView[] =>
  [...Map.groupBy(arms, ({ cell }) => cell.parameters.broker).values()].map(([first]) => first!);

function disappointments({ predictions }: ClusterView): string | undefined {
  const failed = predictions.filter(({ verdict }) => verdict === "failed");
  if (failed.length === 0) return undefined;
  const lines = failed.map((found) => {
    const { metric, expected, formula } = found.prediction;
    const { title, unit } = clusterMetricNamed(metric);
    return `**${escapeText(found.experiment.info.title)}, ${escapeText(found.arm.name)}**: expected ${escapeText(title)} ${expectedInWords(expected, unit)} (${escapeText(formula)}), measured ${measuredInWords(found)}.`;
  });
  return blocks("What did not hold:", bullets(lines));
}
