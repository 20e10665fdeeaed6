/** The lines of a capacity plan as data: what each says, how it is worked out, and what it was measured by. */

import type { CostMetricName } from "../../results/metrics/cost-metrics.ts";
import { formatCount, formatQuantity } from "../../results/quantities/format.ts";
import type { MeasuredRange } from "./cost-model.ts";
import { coresInWords, memoryInWords, number, percent } from "./plan-figures.ts";
import { type Costs, type PlanRequest, portsPerSourceAddress, type Sizing } from "./plan-sizing.ts";

export const rowUnits = ["perSecond", "nodes", "count", "cores", "share", "memory", "mbitPerSecond"] as const;
export type RowUnit = (typeof rowUnits)[number];

/** What a result grows with, and so what it may be extrapolated in. */
export type Dimension = keyof MeasuredRange;

export interface RowContext {
  readonly request: PlanRequest;
  readonly costs: Costs;
  readonly sizing: Sizing;
}

export interface RowKind {
  readonly name: keyof Sizing | "proxyFileDescriptors";
  readonly group: "Load" | "Nodes" | "Broker" | "Load balancer" | "Network" | "With channels";
  readonly title: string;
  readonly unit: RowUnit;
  readonly read: (context: RowContext) => number;
  /** With the numbers put in. */
  readonly formula: (context: RowContext) => string;
  /** Without these nothing can be said. */
  readonly needs: readonly CostMetricName[];
  /** Empty where nothing measured goes in. */
  readonly dimensions: readonly Dimension[];
}

const nodeCpu = ["nodeCpuUsPerPublication", "nodeCpuUsPerBrokerDelivery", "nodeCpuUsPerDelivery"] as const;
const nodeMemory = ["nodeMemoryBytesBase", "nodeMemoryBytesPerConnection"] as const;
/** For whatever depends on the number of nodes. */
const nodeCosts = [...nodeCpu, ...nodeMemory] as const;
export const dependsOnNodes = ({ needs }: RowKind): boolean => nodeCosts.every((name) => needs.includes(name));

const us = (costs: Costs, name: CostMetricName): string => formatQuantity(costs[name]!, "us");
const bytes = (costs: Costs, name: CostMetricName): string => formatQuantity(costs[name]!, "bytes");
const rate = (value: number): string => formatQuantity(value, "perSecond");
const nodesOf = ({ nodes }: Sizing): string => `${number(nodes)} nodes`;

const row = (
  group: RowKind["group"],
  name: keyof Sizing,
  title: string,
  unit: RowUnit,
  needs: RowKind["needs"],
  dimensions: readonly Dimension[],
  formula: RowKind["formula"],
): RowKind => ({ group, name, title, unit, needs, dimensions, formula, read: ({ sizing }) => sizing[name] });

const nodeCpuFormula = ({ costs, sizing }: RowContext, nodes: string): string =>
  `${coresInWords(sizing.ingressCores)} + (${rate(sizing.publicationsPerSecond)} × ${us(costs, "nodeCpuUsPerPublication")} + ${rate(sizing.deliveriesPerSecond)} × ${us(costs, "nodeCpuUsPerDelivery")}) ÷ ${nodes}`;

const mbit = (
  name: keyof Sizing,
  title: string,
  metric: CostMetricName,
  messages: "publicationsPerSecond" | "deliveriesPerSecond" | "brokerOutPerSecond",
  dimension: Dimension,
): RowKind => {
  const needs = messages === "brokerOutPerSecond" ? [...nodeCosts, metric] : [metric];
  return row(
    "Network",
    name,
    title,
    "mbitPerSecond",
    needs,
    [dimension],
    ({ costs, sizing }) => `${rate(sizing[messages])} × ${bytes(costs, metric)} × 8 bit ÷ 10⁶`,
  );
};

export const rowKinds: readonly RowKind[] = [
  row("Load", "publicationsPerSecond", "messages published", "perSecond", [], [], ({ request }) => {
    return `${formatCount(request.users)} users × ${number(request.messagesPerUserPerSecond)}/s`;
  }),
  row("Load", "deliveriesPerSecond", "deliveries to users", "perSecond", [], [], ({ request, sizing }) => {
    return `${rate(sizing.publicationsPerSecond)} × ${formatCount(request.fanout)} recipients`;
  }),
  row(
    "Nodes",
    "ingressCores",
    "CPU of each for the broker's messages alone",
    "cores",
    ["nodeCpuUsPerBrokerDelivery"],
    ["publicationsPerSecond"],
    ({ costs, sizing }) =>
      `${rate(sizing.publicationsPerSecond)} × ${us(costs, "nodeCpuUsPerBrokerDelivery")}, whatever the number of nodes: each receives every message`,
  ),
  row(
    "Nodes",
    "ceilingPublicationsPerSecond",
    "published at most, with any number of nodes",
    "perSecond",
    ["nodeCpuUsPerBrokerDelivery"],
    ["publicationsPerSecond"],
    ({ costs, request }) =>
      `${coresInWords(request.nodeCores)} × ${percent(request.cpuTarget)} ÷ ${us(costs, "nodeCpuUsPerBrokerDelivery")}`,
  ),
  row(
    "Nodes",
    "nodesByCpu",
    "needed for the CPU",
    "nodes",
    nodeCpu,
    ["publicationsPerSecond", "deliveriesPerSecondPerNode", "nodes"],
    ({ costs, request, sizing }) =>
      `(${rate(sizing.publicationsPerSecond)} × ${us(costs, "nodeCpuUsPerPublication")} + ${rate(sizing.deliveriesPerSecond)} × ${us(costs, "nodeCpuUsPerDelivery")}) ÷ (${coresInWords(request.nodeCores)} × ${percent(request.cpuTarget)} − ${coresInWords(sizing.ingressCores)}), rounded up`,
  ),
  row(
    "Nodes",
    "nodesByMemory",
    "needed for the memory",
    "nodes",
    nodeMemory,
    ["usersPerNode", "nodes"],
    ({ costs, request }) =>
      `${formatCount(request.users)} × ${bytes(costs, "nodeMemoryBytesPerConnection")} ÷ (${memoryInWords(request.nodeMemoryBytes)} × ${percent(request.memoryTarget)} − ${memoryInWords(costs.nodeMemoryBytesBase!)}), rounded up`,
  ),
  row(
    "Nodes",
    "nodes",
    "needed",
    "nodes",
    nodeCosts,
    ["publicationsPerSecond", "deliveriesPerSecondPerNode", "usersPerNode", "nodes"],
    ({ sizing }) =>
      `the larger of the two: the ${sizing.nodesByCpu >= sizing.nodesByMemory ? "CPU" : "memory"} decides`,
  ),
  row("Nodes", "connectionsPerNode", "connections of each", "count", nodeCosts, ["usersPerNode"], (context) => {
    return `${formatCount(context.request.users)} ÷ ${nodesOf(context.sizing)}, rounded up`;
  }),
  row(
    "Nodes",
    "nodeCpuShare",
    "busy share of each node's cores",
    "share",
    nodeCosts,
    ["publicationsPerSecond", "deliveriesPerSecondPerNode", "nodes"],
    (context) => `(${nodeCpuFormula(context, nodesOf(context.sizing))}) ÷ ${coresInWords(context.request.nodeCores)}`,
  ),
  row(
    "Nodes",
    "nodeCpuShareOneDown",
    "the same with one node lost",
    "share",
    nodeCosts,
    ["publicationsPerSecond", "deliveriesPerSecondPerNode", "nodes"],
    (context) =>
      context.sizing.nodes === 1
        ? "none is left"
        : `(${nodeCpuFormula(context, number(context.sizing.nodes - 1))}) ÷ ${coresInWords(context.request.nodeCores)}`,
  ),
  row("Nodes", "nodeMemoryBytes", "memory of each", "memory", nodeCosts, ["usersPerNode"], (context) => {
    const { costs, request, sizing } = context;
    return `${memoryInWords(costs.nodeMemoryBytesBase!)} + ${formatCount(request.users)} × ${bytes(costs, "nodeMemoryBytesPerConnection")} ÷ ${nodesOf(sizing)}`;
  }),
  row(
    "Nodes",
    "interestedNodes",
    "nodes with a recipient, per message",
    "count",
    nodeCosts,
    [],
    ({ request, sizing }) =>
      `${number(sizing.nodes)} × (1 − (1 − 1 ÷ ${number(sizing.nodes)})^${formatCount(request.fanout)}), users spread at random: what would have to receive it if nodes subscribed to channels`,
  ),
  row("Broker", "publicationsPerSecond", "messages in", "perSecond", [], [], () => "every message once"),
  row("Broker", "brokerOutPerSecond", "messages out", "perSecond", nodeCosts, [], ({ sizing }) => {
    return `${rate(sizing.publicationsPerSecond)} × ${nodesOf(sizing)}`;
  }),
  row(
    "Broker",
    "brokerCores",
    "CPU, busy",
    "cores",
    [...nodeCosts, "brokerCpuUsPerMessage", "brokerCpuUsPerNodeDelivery"],
    ["publicationsPerSecond", "nodeDeliveriesPerSecond", "nodes"],
    ({ costs, sizing }) =>
      `${rate(sizing.publicationsPerSecond)} × ${us(costs, "brokerCpuUsPerMessage")} + ${rate(sizing.brokerOutPerSecond)} × ${us(costs, "brokerCpuUsPerNodeDelivery")}`,
  ),
  row(
    "Load balancer",
    "proxyCores",
    "CPU, busy",
    "cores",
    ["proxyCpuUsPerPublication", "proxyCpuUsPerDelivery"],
    ["publicationsPerSecond", "deliveriesPerSecond"],
    ({ costs, sizing }) =>
      `${rate(sizing.publicationsPerSecond)} × ${us(costs, "proxyCpuUsPerPublication")} + ${rate(sizing.deliveriesPerSecond)} × ${us(costs, "proxyCpuUsPerDelivery")}`,
  ),
  row(
    "Load balancer",
    "proxyMemoryBytes",
    "memory",
    "memory",
    ["proxyMemoryBytesPerConnection"],
    ["users"],
    ({ costs, request }) => `${formatCount(request.users)} × ${bytes(costs, "proxyMemoryBytesPerConnection")}`,
  ),
  {
    group: "Load balancer",
    name: "proxyFileDescriptors",
    title: "file descriptors",
    unit: "count",
    needs: [],
    dimensions: [],
    read: ({ request }) => 2 * request.users,
    formula: ({ request }) => `2 × ${formatCount(request.users)}: one to the user, one to the node`,
  },
  row(
    "Load balancer",
    "proxySourceAddresses",
    "source addresses",
    "count",
    nodeCosts,
    [],
    ({ sizing }) =>
      `${number(sizing.connectionsPerNode)} connections per node ÷ ${formatCount(portsPerSourceAddress)} ports (32768 to 60999, the default of ip_local_port_range), rounded up`,
  ),
  mbit("usersDownMbitPerSecond", "to users", "wireBytesPerDelivery", "deliveriesPerSecond", "deliveriesPerSecond"),
  mbit(
    "usersUpMbitPerSecond",
    "from users",
    "wireBytesPerPublication",
    "publicationsPerSecond",
    "publicationsPerSecond",
  ),
  mbit(
    "brokerInMbitPerSecond",
    "to the broker",
    "brokerWireBytesPerMessage",
    "publicationsPerSecond",
    "publicationsPerSecond",
  ),
  mbit(
    "brokerOutMbitPerSecond",
    "from the broker",
    "brokerWireBytesPerNodeDelivery",
    "brokerOutPerSecond",
    "nodeDeliveriesPerSecond",
  ),
  row(
    "With channels",
    "channelNodesByCpu",
    "nodes for the CPU, each subscribed to its users' own",
    "nodes",
    nodeCpu,
    ["publicationsPerSecond", "deliveriesPerSecond"],
    ({ costs, request, sizing }) =>
      `(${rate(sizing.publicationsPerSecond)} × ${us(costs, "nodeCpuUsPerPublication")} + ${rate(sizing.deliveriesPerSecond)} × (${us(costs, "nodeCpuUsPerBrokerDelivery")} + ${us(costs, "nodeCpuUsPerDelivery")})) ÷ (${coresInWords(request.nodeCores)} × ${percent(request.cpuTarget)}), rounded up: at most one node per recipient; an upper bound, not built or measured here`,
  ),
  row("With channels", "channelBrokerOutPerSecond", "messages out of the broker, at most", "perSecond", [], [], () => {
    return "one for each delivery: every recipient on a node of its own";
  }),
  row(
    "With channels",
    "channelBrokerCores",
    "CPU of the broker, busy, at most",
    "cores",
    ["brokerCpuUsPerMessage", "brokerCpuUsPerNodeDelivery"],
    ["publicationsPerSecond", "deliveriesPerSecond"],
    ({ costs, sizing }) =>
      `${rate(sizing.publicationsPerSecond)} × ${us(costs, "brokerCpuUsPerMessage")} + ${rate(sizing.channelBrokerOutPerSecond)} × ${us(costs, "brokerCpuUsPerNodeDelivery")}`,
  ),
  row(
    "With channels",
    "channelBrokerOutMbitPerSecond",
    "from the broker, at most",
    "mbitPerSecond",
    ["brokerWireBytesPerNodeDelivery"],
    ["publicationsPerSecond", "deliveriesPerSecond"],
    ({ costs, sizing }) =>
      `${rate(sizing.channelBrokerOutPerSecond)} × ${bytes(costs, "brokerWireBytesPerNodeDelivery")} × 8 bit ÷ 10⁶`,
  ),
];
