/**
 * What a cluster spends per message, per delivery and per connection: the marginal costs the experiment `cost` measures,
 * per broker, and a capacity plan is made of. With P messages published per second, N nodes and D deliveries to users
 * per second, the CPU time all nodes use is P·a + P·N·b + D·c. Two audience sizes tell c from the rest, two node counts
 * (or a node with publishers beside one without) tell a from b. For proxy and broker likewise.
 */
import type { MetricEntry } from "./metric.ts";

/** Name of the experiment, the scenario of its cells. */
export const costExperiment = "cost";

interface CostMetricEntry {
  readonly title: string;
  readonly unit: "us" | "bytes" | "memory";
  readonly meaning: string;
  /** What a plan does where it was not measured, in words; absent: what depends on it is left out. */
  readonly standIn?: string;
}

export const costMetricEntries = {
  nodeCpuUsPerPublication: {
    title: "node CPU per publication (a)",
    unit: "us",
    meaning: "CPU time the publisher's own node spends to take one message and hand it to the broker",
    standIn: "a message from a user is taken to cost a node as much as one from the broker, a guess",
  },
  nodeCpuUsPerBrokerDelivery: {
    title: "node CPU per message from the broker (b)",
    unit: "us",
    meaning: "CPU time every node spends on one message the broker hands it, before it sends it to any user",
    standIn: "all of a node's CPU per publication is taken to be spent on every node, an upper bound",
  },
  nodeCpuUsPerDelivery: {
    title: "node CPU per delivery (c)",
    unit: "us",
    meaning: "CPU time a node spends to send one message to one more user",
  },
  proxyCpuUsPerPublication: {
    title: "load balancer CPU per publication",
    unit: "us",
    meaning: "CPU time the load balancer spends on one message from a user",
    standIn: "a message from a user is taken to cost as much as one to a user",
  },
  proxyCpuUsPerDelivery: {
    title: "load balancer CPU per delivery",
    unit: "us",
    meaning: "CPU time the load balancer spends on one message to one more user",
  },
  brokerCpuUsPerMessage: {
    title: "broker CPU per publication",
    unit: "us",
    meaning: "CPU time the broker spends to take one published message, before it hands it to any node",
  },
  brokerCpuUsPerNodeDelivery: {
    title: "broker CPU per node it hands a message to",
    unit: "us",
    meaning: "CPU time the broker spends to hand one message to one more node",
  },
  nodeMemoryBytesBase: {
    title: "memory of a node without users",
    unit: "memory",
    meaning: "memory of a node to which nobody is connected: heap, stacks and buffers",
  },
  nodeMemoryBytesPerConnection: {
    title: "node memory per connection",
    unit: "bytes",
    meaning: "growth of a node's memory per connection, as a slope",
  },
  proxyMemoryBytesPerConnection: {
    title: "load balancer memory per connection",
    unit: "bytes",
    meaning: "growth of the load balancer's memory per connection, as a slope",
  },
  wireBytesPerPublication: {
    title: "bytes of a publication on the users' side",
    unit: "bytes",
    meaning: "bytes on a user's TCP connection, both ways, for one message it publishes and its acknowledgement",
  },
  wireBytesPerDelivery: {
    title: "bytes of a delivery on the users' side",
    unit: "bytes",
    meaning: "bytes on a user's TCP connection for one message it receives",
  },
  brokerWireBytesPerMessage: {
    title: "bytes of a message to the broker",
    unit: "bytes",
    meaning: "bytes on a node's TCP connection to the broker for one message it publishes",
    standIn: "the payload alone, a lower bound",
  },
  brokerWireBytesPerNodeDelivery: {
    title: "bytes of a message from the broker",
    unit: "bytes",
    meaning: "bytes on a node's TCP connection to the broker for one message it receives",
    standIn: "the payload alone, a lower bound",
  },
} as const satisfies Record<string, CostMetricEntry>;

export type CostMetricName = keyof typeof costMetricEntries;

export const costMetricNames = Object.keys(costMetricEntries) as CostMetricName[];

export const costMetricEntry = (name: CostMetricName): CostMetricEntry => costMetricEntries[name];

/** For the table of everything an experiment may measure. */
export const costMetrics = Object.fromEntries(
  costMetricNames.map((name): [string, MetricEntry] => {
    const { title, unit, meaning } = costMetricEntries[name];
    return [name, { title, unit, meaning, topic: "cost", better: "lower" }];
  }),
) as Record<CostMetricName, MetricEntry>;

/**
 * What else a cell of the experiment should hold, so that a plan can say how far beyond it it goes: the highest rates
 * at which the costs were measured. Absent, the cell's parameters stand in: its rate, and rate times users.
 */
export const costRangeMetrics = {
  publications: "publishedPerSecond",
  deliveries: "deliveriesPerSecond",
} as const;

/**
 * Settings of a cell that say more than its parameters: the most users it had, where more joined, and nodes without
 * users that only listened to the broker.
 */
export const costRangeSettings = { usersMax: "usersMax", listeningNodes: "listeningNodes" } as const;
