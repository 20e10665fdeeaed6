/** What a program spends, as lines of a table. */
import type { Interval } from "../../results/contract/results.ts";
import { formatQuantity } from "../../results/quantities/format.ts";
import { arrivalKinds, type CostedProgram, type Costs, type ProgramCosts } from "../../results/summary/costs.ts";

export const programTitles: Record<CostedProgram, string> = {
  node: "node",
  proxy: "load balancer",
  broker: "broker",
};

export interface CostRow {
  readonly name: string;
  readonly title: string;
  readonly read: (costs: Costs) => number;
}

const arrivalTitles = {
  publication: "per message published",
  brokerDelivery: "per message from the broker",
  delivery: "per delivery to a user",
} as const;

export const costRows = (program: CostedProgram): CostRow[] => [
  { name: "idleUsPerSecond", title: "idle, per second", read: (costs) => costs.idleUsPerSecond },
  { name: "usPerWakeUp", title: "per wake-up", read: (costs) => costs.usPerWakeUp },
  ...arrivalKinds[program].map((kind, index) => ({
    name: `usPer${kind[0]!.toUpperCase()}${kind.slice(1)}`,
    title: program === "broker" && kind === "brokerDelivery" ? "per copy for a node" : arrivalTitles[kind],
    read: (costs: Costs) => costs.usPer[index]!,
  })),
];

/** Where 95 of 100 values lie, and the middle one that is given. */
export function around(value: number, drawn: readonly number[]): Interval {
  const sorted = drawn.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? value;
  return { value, low: Math.min(value, at(0.025)), high: Math.max(value, at(0.975)) };
}

export const costInterval = ({ costs, draws }: ProgramCosts, { read }: CostRow): Interval =>
  around(read(costs), draws.map(read));

const us = (value: number): string => formatQuantity(value, "us");

/** A cost and its ends: one that cannot be told from zero says so, and what it is at most. */
export const costInWords = ({ value, low, high }: Interval): readonly [cost: string, ends: string] =>
  low === 0 ? ["not told from 0", `at most ${us(high)}`] : [us(value), `${us(low)}..${us(high)}`];
