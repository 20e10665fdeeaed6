/** A capacity plan: for each broker with measured costs, what a cluster carries, what limits it, and how many nodes it takes. */
import type { Interval, MeasuredCell, Results } from "../../results/contract/results.ts";
import type { CostMetricName } from "../../results/metrics/cost-metrics.ts";
import { type BrokerCosts, clusterCosts } from "../../results/summary/costs.ts";
import { around } from "./cost-rows.ts";
import { coresUsed, loadOf, type Room, type Sizing, sizeCluster, type Traffic } from "./sizing.ts";

export interface PlanRequest extends Traffic {
  readonly users: number;
  readonly cpuTarget: number;
  readonly nodeMemoryBytes: number;
  /** Share of the memory that may be in use. */
  readonly memoryTarget: number;
  /** Of a machine that nodes run on; each of them uses one. */
  readonly machineCores: number;
}

/** With costs at other ends; infinite: nothing is enough. */
export type PlanFigures = Readonly<Record<Exclude<keyof Sizing, "limit" | "nodesByMemory">, Interval>>;

/** How many times more is asked of something than was measured; not above 1: measured. */
export interface Stretch {
  readonly what: string;
  readonly asked: number;
  readonly measured: number;
  readonly times: number;
}

export interface BrokerPlan {
  readonly costs: BrokerCosts;
  readonly sizing: Sizing;
  readonly figures: PlanFigures;
  readonly room: Room;
  /** Of what is stretched most: the cluster asked for where nodes are enough, else the largest one there can be. */
  readonly stretch: Stretch;
  /** The cluster does what was asked. */
  readonly enough: boolean;
}

export interface Plan {
  readonly request: PlanRequest;
  readonly payloadBytes: number;
  readonly brokers: readonly BrokerPlan[];
  readonly refused: readonly { readonly broker: string; readonly why: string }[];
}

export type PlanSource = Pick<Results, "cells" | "environment" | "brokers">;

/** Brokers that connect nodes on several machines; without one there is nothing to plan. */
export const isPlannable = (broker: string): boolean => broker !== "none" && broker !== "memory";

export function planCluster(
  request: PlanRequest,
  { cells, environment, brokers: described }: PlanSource,
  broker?: string,
): Plan {
  const { brokers, refused } = clusterCosts(cells, environment.cores, described);
  const wanted = (one: { broker: string }): boolean =>
    isPlannable(one.broker) && (broker === undefined || one.broker === broker);
  const chosen = brokers.filter(wanted);
  return {
    request,
    payloadBytes: chosen[0]?.payloadBytes ?? 0,
    brokers: chosen.map((costs) => planBroker(request, costs)),
    refused: refused.filter(wanted),
  };
}

function planBroker(request: PlanRequest, costs: BrokerCosts): BrokerPlan {
  const { programs } = costs;
  const room: Room = {
    cpuTarget: request.cpuTarget,
    brokerCores: programs.broker.cores,
    proxyCores: programs.proxy.cores,
    ...connectionsOf(request, costs.cell),
  };
  const size = (draw?: number): Sizing => sizeCluster(request.users, request, coresUsed(costs, draw), room);
  const sizing = size();
  const draws = programs.node.predictive.map((_, draw) => size(draw));
  const figure = (name: keyof PlanFigures): Interval =>
    around(
      sizing[name],
      draws.map((draw) => draw[name]),
    );
  const enough = Number.isFinite(sizing.nodes) && sizing.brokerCores <= room.brokerCores * request.cpuTarget;
  return {
    costs,
    sizing,
    room,
    enough,
    stretch: stretchOf(
      request,
      costs,
      enough ? request.users : sizing.usersMax,
      enough ? sizing.nodes : sizing.usersMaxNodes,
    ),
    figures: {
      nodes: figure("nodes"),
      nodeCores: figure("nodeCores"),
      brokerCores: figure("brokerCores"),
      proxyCores: figure("proxyCores"),
      oneNodeUsers: figure("oneNodeUsers"),
      proxyUsers: figure("proxyUsers"),
      usersMax: figure("usersMax"),
      usersMaxNodes: figure("usersMaxNodes"),
    },
  };
}

export const measuredCost = ({ summary }: MeasuredCell, name: CostMetricName): number | undefined =>
  summary[name]?.value;

/** Memory is one straight line. */
function connectionsOf(
  { nodeMemoryBytes, memoryTarget }: PlanRequest,
  cell: MeasuredCell,
): Pick<Room, "connectionsPerNode"> {
  const [base, each] = [measuredCost(cell, "nodeMemoryBytesBase"), measuredCost(cell, "nodeMemoryBytesPerConnection")];
  if (base === undefined || each === undefined || each <= 0) return {};
  return { connectionsPerNode: Math.max(0, Math.floor((nodeMemoryBytes * memoryTarget - base) / each)) };
}

function stretchOf(request: PlanRequest, { range }: BrokerCosts, users: number, nodes: number): Stretch {
  const { publicationsPerSecond, deliveriesPerSecond } = loadOf(users, request, nodes);
  const stretches = (
    [
      ["messages", publicationsPerSecond, range.publications],
      ["deliveries per node", deliveriesPerSecond / nodes, range.nodeDeliveries],
      ["copies to nodes", publicationsPerSecond * nodes, range.brokerDeliveries],
      ["nodes", nodes, range.nodes],
    ] as const
  ).map(([what, asked, measured]): Stretch => ({ what, asked, measured, times: asked / measured }));
  return stretches.reduce((most, one) => (one.times > most.times ? one : most));
}
