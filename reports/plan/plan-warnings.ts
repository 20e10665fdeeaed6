/** What a reader of a capacity plan must not overlook, and what it takes for granted. */

import { formatCount, formatList } from "../../results/quantities/format.ts";
import type { ScalingFit } from "../../results/summary/scaling.ts";
import type { Basis, Plan } from "./plan.ts";
import { coresInWords, memoryInWords, number, percent } from "./plan-figures.ts";
import type { Dimension } from "./plan-rows.ts";
import { portsPerSourceAddress } from "./plan-sizing.ts";

export interface Warning {
  /** `loud`: the plan may be worthless as it stands. */
  readonly severity: "loud" | "note";
  readonly message: string;
}

/** Further than this beyond what was measured, a plan is a guess. */
export const extrapolationMax = 100;

const dimensionWords: Record<Dimension, string> = {
  users: "connections",
  nodes: "nodes",
  usersPerNode: "connections per node",
  publicationsPerSecond: "messages published per second",
  deliveriesPerSecond: "deliveries per second",
  deliveriesPerSecondPerNode: "deliveries per second and node",
  nodeDeliveriesPerSecond: "messages the broker hands out per second",
};

/** `measured`, `extrapolated 210 times (deliveries per second)`, `arithmetic`. */
export function basisInWords(basis: Basis): string {
  switch (basis.kind) {
    case "arithmetic":
    case "measured":
      return basis.kind;
    case "unknown":
      return `extrapolated, nobody knows how far (${dimensionWords[basis.dimension]})`;
    case "extrapolated":
      return `extrapolated ${number(basis.times)} times (${dimensionWords[basis.dimension]})`;
  }
}

export function planWarnings(plan: Plan, scaling: readonly ScalingFit[]): Warning[] {
  const loud = (message: string): Warning => ({ severity: "loud", message });
  const note = (message: string): Warning => ({ severity: "note", message });
  return [
    ...[ingressLimit(plan), memoryLimit(plan), stretched(plan)].flatMap((message) => message ?? []).map(loud),
    ...[...beyondPeak(plan, scaling), ...singleThreaded(plan), ...highEnd(plan)].map(loud),
    ...[...nodeRemarks(plan), ...proxyRemarks(plan), ...payloadRemark(plan)].map(note),
    ...[...plan.standIns, ...plan.model.remarks].map(note),
  ];
}

function ingressLimit({ request, sizing }: Plan): string | undefined {
  const budget = request.nodeCores * request.cpuTarget;
  const share = sizing.ingressCores / budget;
  if (!(share >= 0.5)) return undefined;
  const users = Math.floor(sizing.ceilingPublicationsPerSecond / request.messagesPerUserPerSecond);
  const ceiling = `This design ends at ${number(sizing.ceilingPublicationsPerSecond)} messages/s, ${formatCount(users)} such users`;
  const remedy =
    "it needs channels that only nodes with a recipient subscribe to, or shards: clusters of their own for users who do not write to each other";
  const spent = `Every node receives every message, and spends ${coresInWords(sizing.ingressCores)} on that alone, of the ${coresInWords(budget)} it may use`;
  return share >= 1
    ? `${spent}: no number of nodes is enough. ${ceiling}; beyond, ${remedy}.`
    : `${spent}: more than half of a node does nothing for its own users, and more nodes do not change that. ${ceiling}; beyond, ${remedy}.`;
}

function memoryLimit({ request, sizing, costs }: Plan): string | undefined {
  if (sizing.nodesByMemory !== Number.POSITIVE_INFINITY) return undefined;
  return `A node needs ${memoryInWords(costs.nodeMemoryBytesBase!)} before anybody connects, and may use ${percent(request.memoryTarget)} of ${memoryInWords(request.nodeMemoryBytes)}: no number of nodes is enough.`;
}

/** The ceiling is nothing anybody asked for, so its distance says nothing of the plan. */
function stretched({ rows }: Plan): string | undefined {
  const far = rows.flatMap((row) =>
    row.name !== "ceilingPublicationsPerSecond" &&
    row.state === "known" &&
    row.basis.kind === "extrapolated" &&
    row.basis.times > extrapolationMax
      ? row.basis
      : [],
  );
  if (far.length === 0) return undefined;
  const dimensions = new Map(far.map((basis) => [basis.dimension, basis]));
  const words = [...dimensions.values()].map(
    ({ dimension, asked, measured, times }) =>
      `${number(asked)} ${dimensionWords[dimension]} where ${number(measured)} were measured (${number(times)} times)`,
  );
  return `More than ${extrapolationMax} times beyond what was measured: ${formatList(words)}. Costs per message rarely stay the same that far; measure larger, or take this for an order of magnitude.`;
}

function beyondPeak({ model, sizing }: Plan, scaling: readonly ScalingFit[]): string[] {
  const fit = scaling.find(({ broker }) => broker === model.broker)?.fit;
  if (fit?.peakNodes === undefined || !Number.isFinite(sizing.nodes) || sizing.nodes <= fit.peakNodes) return [];
  const sure = fit.coherency.low > 0 ? "" : " (though its coherency may also be 0, and then there is no peak)";
  return [
    `The scaling law fitted to this cluster has its peak at ${number(Math.floor(fit.peakNodes))} nodes${sure}; this plan, which takes costs for constant, has ${number(sizing.nodes)}.`,
  ];
}

/** Redis runs commands one after the other on one thread (redis.io, "Diagnosing latency issues"). */
const singleThreadedBrokers: readonly string[] = ["redis", "redis-streams"];

function singleThreaded({ model, request, rows }: Plan): string[] {
  const cores = rows.find(({ name }) => name === "brokerCores");
  if (!singleThreadedBrokers.includes(model.broker) || cores?.state !== "known") return [];
  const servers = Math.ceil(cores.value / request.cpuTarget);
  if (servers <= 1) return [];
  return [
    `One Redis server does its work on one core, and should not be busy for more than ${percent(request.cpuTarget)} of it: ${coresInWords(cores.value)} need at least ${number(servers)} servers, with the channels sharded between them.`,
  ];
}

function highEnd({ rows, sizing }: Plan): string[] {
  const nodes = rows.find(({ name }) => name === "nodes");
  if (nodes?.state !== "known" || nodes.high !== undefined || !Number.isFinite(sizing.nodes)) return [];
  return [
    "With every cost at the upper end of its interval, no number of nodes is enough: there is no headroom for error.",
  ];
}

function nodeRemarks({ request, sizing }: Plan): string[] {
  const { nodes, nodeCpuShareOneDown: share } = sizing;
  return [
    ...(request.nodeCores > 1
      ? [
          `A node is one process with one event loop, which uses little more than one core: ${request.nodeCores} cores are used only by as many processes, each of which receives every message again. Plan with --node-cores 1 and put ${request.nodeCores} nodes on a machine.`,
        ]
      : []),
    ...(nodes === 1 ? ["One node is enough, and when it is lost everybody is cut off: run two."] : []),
    ...(Number.isFinite(nodes) && nodes > 1 && share > 0.9
      ? [`With one node lost the others are ${percent(share)} busy: add a spare one.`]
      : []),
  ];
}

function proxyRemarks({ sizing }: Plan): string[] {
  if (!(sizing.proxySourceAddresses > 1)) return [];
  return [
    `One address of the load balancer can hold about ${formatCount(portsPerSourceAddress)} connections to one node (kernel documentation, ip-sysctl: ip_local_port_range): give it ${number(sizing.proxySourceAddresses)}, or let every node listen on as many ports, or widen the range.`,
  ];
}

function payloadRemark({ request, model, inputs }: Plan): string[] {
  const others = inputs.filter(({ payloadBytes }) => payloadBytes !== request.payloadBytes);
  if (others.length === 0) return [];
  return [
    `Costs were measured with messages of ${formatCount(model.payloadBytes)} B: bytes are turned to the ${formatCount(request.payloadBytes)} B asked for, CPU time is not.`,
  ];
}

/** What every plan takes for granted. */
export const planAssumptions = ({ request, model }: Plan): string[] => [
  `Headroom: cores are busy for at most ${percent(request.cpuTarget)} and memory is full to at most ${percent(request.memoryTarget)}, on average over time; the busy cores of broker and load balancer are shown without: provide ${number(1 / request.cpuTarget)} times as many. Rates are averages: where the peak is k times as high, ask for k times --messages-per-user.`,
  "Every node receives every message (one topic for all), users are spread evenly, and costs per message are what they were at the measured rates.",
  "In the measured cluster everybody is on one channel: finding a message's recipients among a node's users is not in the costs. Neither are connecting, reconnecting at once after a failure, TLS, keep-alives, the kernel's memory for sockets, and replicas of broker and load balancer.",
  `Measured over loopback on one host, with ${model.protocol}: a real network adds interrupts and round trips. Networks carry the load balancer's traffic twice, users' side and nodes' side. Mbit are 10⁶ bit, KiB and GiB powers of 1024.`,
];
