/** The arithmetic of a capacity plan: what programs of known costs carry together, and how many it takes. Pure. */
import { type BrokerCosts, type CostedProgram, usPerSecond } from "../../results/summary/costs.ts";

/** What users do; everything grows with their number. */
export interface Traffic {
  /** Messages one user publishes per second, on average. */
  readonly messagesPerUserPerSecond: number;
  /** Users who receive a message, on average. */
  readonly fanout: number;
}

export interface Load {
  readonly publicationsPerSecond: number;
  readonly deliveriesPerSecond: number;
  readonly nodes: number;
}

export const loadOf = (users: number, { messagesPerUserPerSecond, fanout }: Traffic, nodes: number): Load => {
  const publicationsPerSecond = users * messagesPerUserPerSecond;
  return { publicationsPerSecond, deliveriesPerSecond: publicationsPerSecond * fanout, nodes };
};

/** In the order of `arrivalKinds`. Users are spread evenly, and every node receives every message. */
const ratesOf: Record<CostedProgram, (load: Load) => number[]> = {
  node: ({ publicationsPerSecond, deliveriesPerSecond, nodes }) => [
    publicationsPerSecond / nodes,
    publicationsPerSecond,
    deliveriesPerSecond / nodes,
  ],
  proxy: ({ publicationsPerSecond, deliveriesPerSecond }) => [publicationsPerSecond, deliveriesPerSecond],
  broker: ({ publicationsPerSecond, nodes }) => [publicationsPerSecond, publicationsPerSecond * nodes],
};

/** Cores each program keeps busy under a load: one node, the load balancer, the broker. */
export type CoresUsed = (program: CostedProgram, load: Load) => number;

/**
 * As the costs say, or (`draw`) as one measurement of them might have come out. `waiting`: share of the time in which a
 * program has no processor though it could run; 0 on a machine that is not crowded.
 */
export const coresUsed =
  ({ programs }: Pick<BrokerCosts, "programs">, draw?: number, waiting = 0): CoresUsed =>
  (program, load) => {
    const { costs, predictive, cores } = programs[program];
    return usPerSecond(draw === undefined ? costs : predictive[draw]!, ratesOf[program](load), cores, waiting) / 1e6;
  };

export type Limit = "node" | "broker";

export interface Sizing {
  /** That keep a node and its memory within what they may use; infinite where no number does. */
  readonly nodes: number;
  readonly nodesByMemory: number;
  readonly brokerCores: number;
  readonly proxyCores: number;
  /** Of one node, with so many nodes. */
  readonly nodeCores: number;
  /** Users a single node carries alone. */
  readonly oneNodeUsers: number;
  /** Users the load balancer carries on the cores it was measured with. */
  readonly proxyUsers: number;
  /** Users that nodes and one broker carry, with any number of nodes. */
  readonly usersMax: number;
  /** How many nodes that is. */
  readonly usersMaxNodes: number;
  /** What ends it there. */
  readonly limit: Limit;
}

export interface Room {
  /** Share of the cores that may be busy on average. */
  readonly cpuTarget: number;
  readonly brokerCores: number;
  readonly proxyCores: number;
  /** For its users, of one node. Absent where memory was not measured. */
  readonly connectionsPerNode?: number;
}

export function sizeCluster(users: number, traffic: Traffic, used: CoresUsed, room: Room): Sizing {
  const { cpuTarget, connectionsPerNode = Number.POSITIVE_INFINITY } = room;
  const fits = (program: CostedProgram, cores: number, load: Load): boolean => used(program, load) <= cores * cpuTarget;
  const nodesByMemory = connectionsPerNode > 0 ? Math.max(1, Math.ceil(users / connectionsPerNode)) : Infinity;
  const nodesFor = (some: number): number => fewest((nodes) => fits("node", 1, loadOf(some, traffic, nodes)));
  const brokerCarries = (some: number, nodes: number): boolean =>
    fits("broker", room.brokerCores, loadOf(some, traffic, nodes));
  const usersMax = largest((some) => {
    const nodes = nodesFor(some);
    return Number.isFinite(nodes) && brokerCarries(some, nodes);
  });
  const nodes = Math.max(nodesFor(users), nodesByMemory);
  const cores = (program: CostedProgram): number =>
    Number.isFinite(nodes) || program === "proxy"
      ? used(program, loadOf(users, traffic, nodes))
      : Number.POSITIVE_INFINITY;
  return {
    nodes,
    nodesByMemory,
    nodeCores: cores("node"),
    brokerCores: cores("broker"),
    proxyCores: cores("proxy"),
    oneNodeUsers: largest((some) => fits("node", 1, loadOf(some, traffic, 1))),
    proxyUsers: largest((some) => fits("proxy", room.proxyCores, loadOf(some, traffic, 1))),
    usersMax,
    usersMaxNodes: nodesFor(usersMax),
    limit: Number.isFinite(nodesFor(usersMax * justBeyond + 1)) ? "broker" : "node",
  };
}

const justBeyond = 1.01;
/** Of one cluster in which every node hears everything: more gain next to nothing, and nobody runs them. */
const nodesMax = 1000;

/** The fewest nodes that will do; infinite where that many would not. */
function fewest(enough: (nodes: number) => boolean): number {
  if (!enough(nodesMax)) return Number.POSITIVE_INFINITY;
  let [low, high] = [0, 1];
  while (!enough(high)) [low, high] = [high, high * 2];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return high;
}

const usersEnd = 1e12;

/** The most users that are carried: a whole number, 0 where one is too many. */
function largest(carried: (users: number) => boolean): number {
  if (!carried(1)) return 0;
  let [low, high] = [1, 2];
  while (high < usersEnd && carried(high)) [low, high] = [high, high * 2];
  while (high - low > Math.max(1, low / 1e4)) {
    const middle = Math.floor((low + high) / 2);
    if (carried(middle)) low = middle;
    else high = middle;
  }
  return low;
}
