/** The arithmetic of a capacity plan: what is asked and what things cost, to how much of everything is needed. Pure. */
import type { CostMetricName } from "../../results/metrics/cost-metrics.ts";

export interface PlanRequest {
  readonly users: number;
  /** Messages one user publishes per second, on average. */
  readonly messagesPerUserPerSecond: number;
  /** Users who receive a message, on average. */
  readonly fanout: number;
  /** As the measured payload where absent. */
  readonly payloadBytes?: number;
  /** Cores a node may use. */
  readonly nodeCores: number;
  /** Share of the cores that may be busy on average; the rest is headroom. */
  readonly cpuTarget: number;
  readonly nodeMemoryBytes: number;
  /** Share of the memory that may be in use. */
  readonly memoryTarget: number;
}

/** Of one message, delivery or connection, in microseconds of CPU time or bytes. A missing one leaves holes. */
export type Costs = Readonly<Partial<Record<CostMetricName, number>>>;

/**
 * Ports Linux chooses from for outgoing connections by default, 32768 to 60999 (kernel documentation, ip-sysctl,
 * ip_local_port_range): how many connections one address of the load balancer can hold to one address and port of a node.
 */
export const portsPerSourceAddress = 60_999 - 32_768 + 1;

/** What a cost is missing for is NaN. `Infinity`: nothing is enough. */
export interface Sizing {
  readonly publicationsPerSecond: number;
  readonly deliveriesPerSecond: number;
  /** Every node spends this on the messages it is handed by the broker, however many nodes there are. */
  readonly ingressCores: number;
  /** Publications per second at which that alone is all a node may use: no cluster of this design takes more. */
  readonly ceilingPublicationsPerSecond: number;
  readonly nodesByCpu: number;
  readonly nodesByMemory: number;
  /** Enough for both. */
  readonly nodes: number;
  readonly connectionsPerNode: number;
  /** Of the cores of a node. */
  readonly nodeCpuShare: number;
  /** The same when one node is gone and its users are with the others. */
  readonly nodeCpuShareOneDown: number;
  readonly nodeMemoryBytes: number;
  /** Nodes that have a recipient of a message, on average, if users are spread at random. */
  readonly interestedNodes: number;
  readonly brokerOutPerSecond: number;
  readonly brokerCores: number;
  readonly proxyCores: number;
  readonly proxyMemoryBytes: number;
  readonly proxySourceAddresses: number;
  /** The same load if a node received only the messages it has a recipient for, each at most once per recipient. */
  readonly channelNodesByCpu: number;
  readonly channelBrokerOutPerSecond: number;
  readonly channelBrokerCores: number;
  readonly channelBrokerOutMbitPerSecond: number;
  readonly usersDownMbitPerSecond: number;
  readonly usersUpMbitPerSecond: number;
  readonly brokerInMbitPerSecond: number;
  readonly brokerOutMbitPerSecond: number;
}

/**
 * A node is given P/N publications by its users, P messages by the broker, since every node receives all of them, and
 * has D/N deliveries to make. So N nodes are enough if P·b + (P·a + D·c)/N is within a node's budget, and what the
 * broker hands out, P·N, follows from that N. With `built`, everything but the numbers of nodes needed is that of a
 * cluster of so many.
 */
export function sizeCluster(request: PlanRequest, costs: Costs, built?: number): Sizing {
  const cost = (name: CostMetricName): number => costs[name] ?? Number.NaN;
  const cores = (perSecond: number, name: CostMetricName): number => (perSecond * cost(name)) / 1e6;
  const mbit = (perSecond: number, name: CostMetricName): number => (perSecond * cost(name) * 8) / 1e6;

  const { users, fanout, nodeCores } = request;
  const published = users * request.messagesPerUserPerSecond;
  const delivered = published * fanout;
  const budgetCores = nodeCores * request.cpuTarget;
  const ingressCores = cores(published, "nodeCpuUsPerBrokerDelivery");
  const sharedCores = cores(published, "nodeCpuUsPerPublication") + cores(delivered, "nodeCpuUsPerDelivery");
  const nodesByCpu = enough(sharedCores, budgetCores - ingressCores);

  const memoryOfUsers = users * cost("nodeMemoryBytesPerConnection");
  const memoryForUsers = request.nodeMemoryBytes * request.memoryTarget - cost("nodeMemoryBytesBase");
  const nodesByMemory = enough(memoryOfUsers, memoryForUsers);

  const needed = Math.max(nodesByCpu, nodesByMemory);
  const nodes = built ?? needed;
  const cpuShare = (count: number): number => (ingressCores + sharedCores / count) / nodeCores;
  const connectionsPerNode = Math.ceil(users / nodes);
  const brokerOutPerSecond = published * nodes;
  const brokerCores = (handedOut: number): number =>
    cores(published, "brokerCpuUsPerMessage") + cores(handedOut, "brokerCpuUsPerNodeDelivery");
  return {
    publicationsPerSecond: published,
    deliveriesPerSecond: delivered,
    ingressCores,
    ceilingPublicationsPerSecond: (budgetCores * 1e6) / cost("nodeCpuUsPerBrokerDelivery"),
    nodesByCpu,
    nodesByMemory,
    nodes: needed,
    connectionsPerNode,
    nodeCpuShare: cpuShare(nodes),
    nodeCpuShareOneDown: cpuShare(nodes - 1),
    nodeMemoryBytes: cost("nodeMemoryBytesBase") + memoryOfUsers / nodes,
    interestedNodes: nodes * (1 - (1 - 1 / nodes) ** fanout),
    brokerOutPerSecond,
    brokerCores: brokerCores(brokerOutPerSecond),
    // A recipient is on one node, so a message has at most as many nodes to reach as it has recipients.
    channelNodesByCpu: enough(sharedCores + cores(delivered, "nodeCpuUsPerBrokerDelivery"), budgetCores),
    channelBrokerOutPerSecond: delivered,
    channelBrokerCores: brokerCores(delivered),
    channelBrokerOutMbitPerSecond: mbit(delivered, "brokerWireBytesPerNodeDelivery"),
    proxyCores: cores(published, "proxyCpuUsPerPublication") + cores(delivered, "proxyCpuUsPerDelivery"),
    proxyMemoryBytes: users * cost("proxyMemoryBytesPerConnection"),
    proxySourceAddresses: Math.ceil(connectionsPerNode / portsPerSourceAddress),
    usersDownMbitPerSecond: mbit(delivered, "wireBytesPerDelivery"),
    usersUpMbitPerSecond: mbit(published, "wireBytesPerPublication"),
    brokerInMbitPerSecond: mbit(published, "brokerWireBytesPerMessage"),
    brokerOutMbitPerSecond: mbit(brokerOutPerSecond, "brokerWireBytesPerNodeDelivery"),
  };
}

/** The fewest, at least 1, whose shares of `total` fit into `room`; Infinity where there is none. */
function enough(total: number, room: number): number {
  if (room <= 0) return Number.POSITIVE_INFINITY;
  // What rounding adds to a whole number is no reason for one more.
  return Math.max(1, Math.ceil((total / room) * (1 - 1e-12)));
}
