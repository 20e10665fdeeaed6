/** From the cells of the experiment `cost` to the measured inputs of a capacity plan. */
import { cellKey, completeTrials, usable } from "../../results/contract/cells.ts";
import type { Interval, MeasuredCell, Results } from "../../results/contract/results.ts";
import {
  type CostMetricName,
  costExperiment,
  costMetricNames,
  costRangeMetrics,
  costRangeSettings,
} from "../../results/metrics/cost-metrics.ts";
import { trialsForIntervalMin } from "../../results/statistics/intervals.ts";
import { generatorLimitCodes } from "../../results/validity/validity.ts";

/** Brokers that connect nodes on several machines; without one there is nothing to plan. */
export const isPlannable = (broker: string): boolean => broker !== "none" && broker !== "memory";

export interface CostInput {
  readonly metric: CostMetricName;
  /** Median of the trials, and how far it may lie elsewhere. */
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
  readonly broker: string;
  readonly protocol: string;
  readonly inputs: Partial<Record<CostMetricName, CostInput>>;
  readonly range: MeasuredRange;
  readonly payloadBytes: number;
  /** What the reader should know of the cells used. */
  readonly remarks: readonly string[];
}

/** Brokers the results hold usable costs of, in the order of the cells. */
export function brokersWithCosts({ cells }: Pick<Results, "cells">): string[] {
  const measured = cells.filter((cell) => cell.scenario === costExperiment && usable(cell) !== undefined);
  return [...new Set(measured.flatMap(({ parameters }) => parameters.broker ?? []))].filter(isPlannable);
}

/**
 * Undefined where there is no measured, valid cell of the experiment with this broker. Of several cells that measured a
 * cost, the one with the payload nearest to the one asked for counts, and of those the one with most users.
 */
export function costModel(
  results: Pick<Results, "cells">,
  broker: string,
  payloadBytes: number | undefined,
): CostModel | undefined {
  const all = usableCells(results, broker);
  const protocol = all[0]?.protocol;
  if (protocol === undefined) return undefined;
  const cells = all.filter((cell) => cell.protocol === protocol).sort(nearest(payloadBytes));
  const inputs: Partial<Record<CostMetricName, CostInput>> = {};
  for (const metric of costMetricNames) {
    const cell = cells.find(({ summary }) => summary[metric] !== undefined);
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

const costCells = ({ cells }: Pick<Results, "cells">, broker: string) =>
  cells.filter(({ scenario, parameters }) => scenario === costExperiment && parameters.broker === broker);

const usableCells = (results: Pick<Results, "cells">, broker: string): MeasuredCell[] =>
  costCells(results, broker).flatMap((cell) => usable(cell) ?? []);

function nearest(payloadBytes: number | undefined) {
  const distance = ({ parameters }: MeasuredCell): number =>
    payloadBytes === undefined ? 0 : Math.abs(Math.log((parameters.payloadBytes + 1) / (payloadBytes + 1)));
  return (a: MeasuredCell, b: MeasuredCell): number =>
    distance(a) - distance(b) || b.parameters.connections - a.parameters.connections;
}

/** A cost is not negative; a difference of two measurements can be, which says that it drowned in their spread. */
function inputOf(cell: MeasuredCell, metric: CostMetricName): CostInput {
  const { parameters, summary } = cell;
  const { value, low, high } = summary[metric]!;
  const interval = { value: Math.max(0, value), low: Math.max(0, low), high: Math.max(0, high) };
  const trials = completeTrials(cell).length;
  return { metric, interval, trials, cell: cellKey(cell), payloadBytes: parameters.payloadBytes };
}

function rangeOf(cells: readonly MeasuredCell[]): MeasuredRange {
  const most = (read: (cell: MeasuredCell) => number | undefined): number | undefined => {
    const known = cells.flatMap((cell) => read(cell) ?? []);
    return known.length === 0 ? undefined : Math.max(...known);
  };
  const perNode = (value: number | undefined, nodes: number) => (value === undefined ? undefined : value / nodes);
  const times = (value: number | undefined, nodes: number) => (value === undefined ? undefined : value * nodes);
  return {
    users: most(usersMax)!,
    nodes: most(allNodes)!,
    usersPerNode: most((cell) => usersMax(cell) / nodesOf(cell))!,
    publicationsPerSecond: most(publications),
    deliveriesPerSecond: most(deliveries),
    deliveriesPerSecondPerNode: most((cell) => perNode(deliveries(cell), nodesOf(cell))),
    nodeDeliveriesPerSecond: most((cell) => times(publications(cell), allNodes(cell))),
  };
}

function setting({ parameters }: MeasuredCell, name: string): number | undefined {
  const value = Object.hasOwn(parameters.settings, name) ? parameters.settings[name] : undefined;
  return typeof value === "number" ? value : undefined;
}

const nodesOf = ({ parameters }: MeasuredCell): number => parameters.nodes ?? 1;

const usersMax = (cell: MeasuredCell): number =>
  Math.max(cell.parameters.connections, setting(cell, costRangeSettings.usersMax) ?? 0);

const allNodes = (cell: MeasuredCell): number => nodesOf(cell) + (setting(cell, costRangeSettings.listeningNodes) ?? 0);

const publications = ({ summary, parameters }: MeasuredCell): number | undefined =>
  summary[costRangeMetrics.publications]?.value ??
  (parameters.load?.kind === "open" ? parameters.load.ratePerSecond : undefined);

/** Everybody is on one channel, so each publication goes to every user. */
function deliveries(cell: MeasuredCell): number | undefined {
  const measured = cell.summary[costRangeMetrics.deliveries]?.value;
  const published = publications(cell);
  return measured ?? (published === undefined ? undefined : published * usersMax(cell));
}

function remarksOf(results: Pick<Results, "cells">, broker: string, cells: readonly MeasuredCell[]): string[] {
  const unusable = costCells(results, broker).length - usableCells(results, broker).length;
  const bound = cells.some(({ validity }) => validity.flags.some(({ code }) => generatorLimitCodes.has(code)));
  const drowned = [
    ...new Set(cells.flatMap(({ summary }) => costMetricNames.filter((name) => (summary[name]?.value ?? 0) < 0))),
  ];
  return [
    ...(unusable > 0
      ? [`${unusable} of the cost cells of ${broker} failed, did not run or are invalid; not used`]
      : []),
    ...(bound ? ["in a cost cell the virtual users were the limit: they were busier than the cluster"] : []),
    ...drowned.map((name) => `${name} came out below 0, so it drowned in the spread of the trials; taken as 0`),
    ...(cells.some((cell) => completeTrials(cell).length < trialsForIntervalMin)
      ? [`a cost cell has fewer than ${trialsForIntervalMin} trials: its range says little about its spread`]
      : []),
  ];
}
