/** Cluster results in the shape reports ask for: groups of experiments of arms, with their predictions. */

import {
  type BrokerName,
  brokerNames,
  type ClusterCell,
  type ClusterResults,
  type ClusterTrial,
  type ExperimentInfo,
  experimentGroups,
  type MeasuredClusterCell,
  type Prediction,
} from "../../results/contract/cluster-results.ts";
import { oneLine } from "../text/markdown.ts";

/** One cell; a figure can take it for a line. */
export interface ArmView {
  readonly cell: ClusterCell;
  /** As a report calls it, not escaped, short enough for a label. */
  readonly name: string;
  /** The broker's place decides the colour. */
  readonly info: { readonly position: number };
}

export interface ExperimentView {
  readonly info: Omit<ExperimentInfo, "group">;
  readonly arms: readonly ArmView[];
}

export interface GroupView {
  /** Undefined for cells whose experiment the results do not describe. */
  readonly name: ExperimentInfo["group"] | undefined;
  readonly experiments: readonly ExperimentView[];
}

/** `failed`: the cluster did not do what was expected; `not-measured`: nobody can say. */
export interface PredictionView {
  readonly experiment: ExperimentView;
  readonly arm: ArmView;
  readonly prediction: Prediction;
  /** That of the results, but nothing is proved by an arm whose numbers must not be used. */
  readonly verdict: Prediction["verdict"];
}

export interface ClusterView {
  readonly results: ClusterResults;
  /** Only those that have an experiment. */
  readonly groups: readonly GroupView[];
  readonly experiments: readonly ExperimentView[];
  readonly predictions: readonly PredictionView[];
  /** Most trials any cell has. */
  readonly trials: number;
  readonly brokerTitle: (name: BrokerName) => string;
}

const labelLengthMax = 60;

export function clusterViewOf(results: ClusterResults): ClusterView {
  const brokerTitle = (name: BrokerName): string =>
    oneLine(results.brokers.find((broker) => broker.name === name)?.title ?? (name === "none" ? "no broker" : name));
  const byExperiment = Map.groupBy(results.cells, ({ scenario }) => scenario);
  const experimentView = (info: ExperimentView["info"]): ExperimentView => ({
    info,
    arms: (byExperiment.get(info.name) ?? []).map((cell) => armView(cell, brokerTitle)),
  });
  const known = new Set(results.experiments.map(({ name }) => name));
  const undescribed = [...byExperiment.keys()].filter((name) => !known.has(name));
  const groups: GroupView[] = [
    ...experimentGroups.map((group) => ({
      name: group,
      experiments: results.experiments.filter((info) => info.group === group).map(experimentView),
    })),
    {
      name: undefined,
      experiments: undescribed.map((name) => experimentView({ name, title: name, question: "", lesson: "" })),
    },
  ];
  const filled = groups
    .map(({ name, experiments }) => ({ name, experiments: experiments.filter(({ arms }) => arms.length > 0) }))
    .filter(({ experiments }) => experiments.length > 0);
  const experiments = filled.flatMap((group) => group.experiments);
  return {
    results,
    groups: filled,
    experiments,
    predictions: experiments.flatMap(predictionsOf),
    trials: Math.max(0, ...results.cells.map((cell) => (cell.state === "measured" ? cell.trials.length : 0))),
    brokerTitle,
  };
}

function armView(cell: ClusterCell, brokerTitle: ClusterView["brokerTitle"]): ArmView {
  const { arm, broker } = cell.parameters;
  const text = arm === broker ? brokerTitle(broker) : oneLine(arm);
  const name = text.length > labelLengthMax ? `${text.slice(0, labelLengthMax - 1).toWellFormed()}…` : text;
  return { cell, name, info: { position: brokerNames.indexOf(broker) } };
}

const predictionsOf = (experiment: ExperimentView): PredictionView[] =>
  experiment.arms.flatMap((arm) => {
    const { cell } = arm;
    if (cell.state !== "measured") return [];
    return cell.predictions.map((prediction) => ({
      experiment,
      arm,
      prediction,
      verdict: cell.validity.verdict === "invalid" ? "not-measured" : prediction.verdict,
    }));
  });

/** The cell if its numbers may be believed. */
export function usableArm({ cell }: ArmView): MeasuredClusterCell | undefined {
  return cell.state === "measured" && cell.validity.verdict !== "invalid" ? cell : undefined;
}

/** The trial whose course of events is shown: the first, since an average of courses is none. */
export const shownTrial = (arm: ArmView): ClusterTrial | undefined => usableArm(arm)?.trials[0];

/** Whether something was broken on purpose in the experiment. */
export const hasFault = ({ arms }: ExperimentView): boolean =>
  arms.some(
    ({ cell }) =>
      cell.state === "measured" && cell.trials.some(({ events }) => events.some(({ kind }) => kind === "fault")),
  );

/** Whether the experiment compares brokers. */
export const comparesBrokers = ({ arms }: ExperimentView): boolean =>
  new Set(arms.map(({ cell }) => cell.parameters.broker)).size > 1;
