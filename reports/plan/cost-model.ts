/** From the cells of the experiment `cost` to the measured inputs of a capacity plan. */

import {
  type BrokerName,
  brokerNames,
  type ClusterResults,
  type MeasuredClusterCell,
} from "../../results/contract/cluster-results.ts";
import type { Interval } from "../../results/contract/results.ts";
import {
  type CostMetricName,
  costExperiment,
  costMetricNames,
  costRangeMetrics,
  costRangeSettings,
} from "../../results/metrics/cost-metrics.ts";

/** Brokers that connect nodes on several machines; without one there is nothing to plan. */
export const plannableBrokers = brokerNames.filter((name) => name !== "none" && name !== "memory");

export interface CostInput {
  readonly metric: CostMetricName;
  /** Median, lowest and highest trial. */
  readonly interval: Interval;
  readonly trials: number;
  /** Label of the cell it was measured in. */
  readonly cell: string;
  readonly payloadBytes: number;
}

/** The largest at which a cost was measured; undefined where no cell tells. */
export interface MeasuredRange {
  readonly users: number;
  readonly nodes: number;
  readonly usersPerNode: number;
  readonly publicationsPerSecond: number | undefined;
  readonly deliveriesPerSecond: number | undefined;
  readonly deliveriesPerSecondPerNode: number | undefined;
  /** Messages the broker hands to nodes. */
  readonly nodeDeliveriesPerSecond: number | undefined;
}

export interface CostModel {
  readonly broker: BrokerName;
  readonly protocol: string;
  readonly inputs: Partial<Record<CostMetricName, CostInput>>;
  readonly range: MeasuredRange;
  readonly payloadBytes: number;
  /** What the reader should know of the cells used. */
  readonly remarks: readonly string[];
}

/** Brokers the results hold usable costs of, in the order of the contract. */
export const brokersWithCosts = (results: ClusterResults): BrokerName[] =>
  plannableBrokers.filter((broker) => usableCells(results, broker).length > 0);

/**
 * Undefined where there is no measured, valid cell of the experiment with this broker. Of several cells that measured a
 * cost, the one with the payload nearest to the one asked for counts, and of those the one with most users.
 */
export function costModel(
  results: ClusterResults,
  broker: BrokerName,
  payloadBytes: number | undefined,
): CostModel | undefined {
  const usable = usableCells(results, broker);
  const protocol = usable[0]?.protocol;
  if (protocol === undefined) return undefined;
  const cells = usable.filter((cell) => cell.protocol === protocol).sort(nearest(payloadBytes));
  const inputs: Partial<Record<CostMetricName, CostInput>> = {};
  for (const metric of costMetricNames) {
    const cell = cells.find(({ summary }) => Object.hasOwn(summary, metric));
    if (cell !== undefined) inputs[metric] = inputOf(cell, metric);
  }
  return {
    broker,
    protocol,
    inputs,
    range: rangeOf(cells),
    payloadBytes: cells[0]!.parameters.payloadBytes,
    remarks: remarksOf(results, broker, cells),
  };
}

const costCells = ({ cells }: ClusterResults, broker: BrokerName) =>
  cells.filter(({ scenario, parameters }) => scenario === costExperiment && parameters.broker === broker);

const usableCells = (results: ClusterResults, broker: BrokerName): MeasuredClusterCell[] =>
  costCells(results, broker).filter(
    (cell): cell is MeasuredClusterCell => cell.state === "measured" && cell.validity.verdict !== "invalid",
  );

function nearest(payloadBytes: number | undefined) {
  const distance = ({ parameters }: MeasuredClusterCell): number =>
    payloadBytes === undefined ? 0 : Math.abs(Math.log((parameters.payloadBytes + 1) / (payloadBytes + 1)));
  return (a: MeasuredClusterCell, b: MeasuredClusterCell): number =>
    distance(a) - distance(b) || b.parameters.users - a.parameters.users;
}

/** A cost is not negative; a difference of two measurements can be, which says that it drowned in their spread. */
function inputOf({ target, parameters, summary, trials }: MeasuredClusterCell, metric: CostMetricName): CostInput {
  const { value, low, high } = summary[metric]!;
  const interval = { value: Math.max(0, value), low: Math.max(0, low), high: Math.max(0, high) };
  return { metric, interval, trials: trials.length, cell: target, payloadBytes: parameters.payloadBytes };
}

function rangeOf(cells: readonly MeasuredClusterCell[]): MeasuredRange {
  const most = (read: (cell: MeasuredClusterCell) => number | undefined): number | undefined => {
    const known = cells.flatMap((cell) => read(cell) ?? []);
    return known.length === 0 ? undefined : Math.max(...known);
  };
  const perNode = (value: number | undefined, nodes: number) => (value === undefined ? undefined : value / nodes);
  const times = (value: number | undefined, nodes: number) => (value === undefined ? undefined : value * nodes);
  return {
    users: most(usersMax)!,
    nodes: most(allNodes)!,
    usersPerNode: most((cell) => usersMax(cell) / cell.parameters.nodes)!,
    publicationsPerSecond: most(publications),
    deliveriesPerSecond: most(deliveries),
    deliveriesPerSecondPerNode: most((cell) => perNode(deliveries(cell), cell.parameters.nodes)),
    nodeDeliveriesPerSecond: most((cell) => times(publications(cell), allNodes(cell))),
  };
}

function setting({ parameters }: MeasuredClusterCell, name: string): number | undefined {
  const value = Object.hasOwn(parameters.settings, name) ? parameters.settings[name] : undefined;
  return typeof value === "number" ? value : undefined;
}

const usersMax = (cell: MeasuredClusterCell): number =>
  Math.max(cell.parameters.users, setting(cell, costRangeSettings.usersMax) ?? 0);

const allNodes = (cell: MeasuredClusterCell): number =>
  cell.parameters.nodes + (setting(cell, costRangeSettings.listeningNodes) ?? 0);

const publications = ({ summary, parameters }: MeasuredClusterCell): number | undefined =>
  summary[costRangeMetrics.publications]?.value ?? parameters.ratePerSecond;

/** Everybody is in one room, so each publication goes to every user. */
function deliveries(cell: MeasuredClusterCell): number | undefined {
  const measured = cell.summary[costRangeMetrics.deliveries]?.value;
  const published = publications(cell);
  return measured ?? (published === undefined ? undefined : published * usersMax(cell));
}

function remarksOf(results: ClusterResults, broker: BrokerName, cells: readonly MeasuredClusterCell[]): string[] {
  const unusable = costCells(results, broker).length - usableCells(results, broker).length;
  const bound = cells.some(({ validity }) => validity.verdict === "generator-bound");
  const drowned = [
    ...new Set(cells.flatMap(({ summary }) => costMetricNames.filter((name) => (summary[name]?.value ?? 0) < 0))),
  ];
  return [
    ...(unusable > 0
      ? [`${unusable} of the cost cells of ${broker} failed, did not run or are invalid; not used`]
      : []),
    ...(bound ? ["a cost cell is generator-bound: the simulated users were busier than the cluster"] : []),
    ...drowned.map((name) => `${name} came out below 0, so it drowned in the spread of the trials; taken as 0`),
    ...(cells.some(({ trials }) => trials.length < 3)
      ? ["a cost cell has fewer than 3 trials: its range says little about its spread"]
      : []),
  ];
}
