import { costExperiment, costMetricNames } from "../../results/metrics/cost-metrics.ts";
import { fitLine, type Point } from "../../results/statistics/line.ts";
import type { ClusterRig } from "../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import { cpuTime, memoryBytes, processTree } from "../rigs/proc/process-use.ts";
import { brokenBy, clusterExperiment, type Variant } from "./cluster/cluster-experiment.ts";
import { type Expectation, nothingMissing } from "./cluster/expectations.ts";
import { defined } from "./cluster/ledger-measures.ts";
import { generatorDeliveriesPerSecondMax } from "./cluster/presets.ts";
import { realBrokers, setupOf } from "./cluster/setup.ts";
import { publishFor } from "./cluster/traffic.ts";

/** Nodes that only listen to the broker: what a message costs them, a message costs every node. */
const listeners = 2;
/** The larger audience, as a multiple of the users the cell begins with. */
const usersFactor = 4;
/** Users beyond those that take part, so many more for each of the readings of memory: enough to be seen beside noise. */
const idlers = 100;
const memoryReadings = 4;

/** CPU time so far in microseconds; absent off Linux. */
const cpuUs = (pids: readonly (number | undefined)[]): number =>
  processTree(...pids.filter((pid) => pid !== undefined)).reduce(
    (sum, pid) => sum + (cpuTime(pid)?.cpuUs ?? Number.NaN),
    0,
  );

/** Of every process on a message's way, by the names a window records. */
const useOf = ({ nodes, proxy, broker }: ClusterRig) => ({
  nodeCpuUs: cpuUs([nodes[0]!.pid]),
  listenersCpuUs: nodes.slice(1).some(({ pid }) => pid !== undefined) ? cpuUs(nodes.slice(1).map(({ pid }) => pid)) : 0,
  proxyCpuUs: cpuUs(proxy.pids()),
  brokerCpuUs: cpuUs([broker?.pid]),
});

/** Messages before those that count: code that has just started costs a multiple, and would be taken for their price. */
const warmUpMessages = 400;
/** With the larger audience too the users must be no part of what is measured. */
const rateOf = ({ ratePerSecond, users }: ClusterSettings): number =>
  Math.max(1, Math.min(ratePerSecond * 2, Math.floor(generatorDeliveriesPerSecondMax / (users * usersFactor))));

/** Long enough for as many messages as a difference of two costs needs. */
const durationOf = (settings: ClusterSettings): number => Math.max(settings.durationMs, 200_000 / rateOf(settings));
/** Of a window, the time before it in which the processes are watched at rest. */
const restShare = 1 / 3;

const warmUpRateOf = (settings: ClusterSettings): number => rateOf(settings) * usersFactor;
const warmUpMsOf = (settings: ClusterSettings): number => (warmUpMessages * 1000) / warmUpRateOf(settings);

/** Before there are many users, so that it can be faster than what is measured. */
async function warmUp(rig: ClusterRig, settings: ClusterSettings): Promise<void> {
  await publishFor(rig, { ratePerSecond: warmUpRateOf(settings), durationMs: warmUpMsOf(settings) });
}

/** A window of traffic, and what it cost beyond what the same time costs at rest. */
async function* windowWithCost(rig: ClusterRig, settings: ClusterSettings, name: string) {
  const durationMs = durationOf(settings);
  const restMs = durationMs * restShare;
  const atRest = useOf(rig);
  await rig.wait(restMs);
  const before = useOf(rig);
  const startMs = performance.now();
  await rig.users.reset();
  const bytesBefore = await rig.users.wireBytes();
  const { ledger, window } = await publishFor(rig, { name, ratePerSecond: rateOf(settings), durationMs });
  const bytesAfter = await rig.users.wireBytes();
  const after = useOf(rig);
  const rests = (performance.now() - startMs) / restMs;
  const cost = (of: keyof typeof after): number => after[of] - before[of] - (before[of] - atRest[of]) * rests;
  const costs = {
    nodeCpuUs: cost("nodeCpuUs"),
    listenersCpuUs: cost("listenersCpuUs"),
    proxyCpuUs: cost("proxyCpuUs"),
    brokerCpuUs: cost("brokerCpuUs"),
    wireSentBytes: bytesAfter.sent - bytesBefore.sent,
    wireReceivedBytes: bytesAfter.received - bytesBefore.received,
  };
  const known = Object.entries(costs).filter(([, value]) => Number.isFinite(value));
  yield { ...window, measures: { ...window.measures, ...Object.fromEntries(known) } };
  return { ledger, published: ledger.publishedMessages, deliveries: ledger.deliveries, ...costs };
}

/**
 * One node with few users, the same with nodes beside it that only listen, and then with many users: each window differs
 * from the one before in one thing. What is left of warming up falls on all of them.
 */
async function* measureCosts(rig: ClusterRig, settings: ClusterSettings) {
  await warmUp(rig, settings);
  const alone = yield* windowWithCost(rig, settings, "one node");
  await Promise.all(rig.nodes.slice(1).map((listener) => rig.unlessFailed(listener.start())));
  await warmUp(rig, settings);
  const few = yield* windowWithCost(rig, settings, "and nodes that only listen");
  await rig.users.join(rig.setup.users * (usersFactor - 1));
  const many = yield* windowWithCost(rig, settings, "and more users");
  const memory = await memoryPerConnection(rig);

  const moreDeliveries = many.deliveries / many.published - few.deliveries / few.published;
  /** From two audiences: what one more recipient costs, and what is left for the message itself. */
  const split = (name: "nodeCpuUs" | "proxyCpuUs" | "wireSentBytes" | "wireReceivedBytes") => {
    const perDelivery = (many[name] / many.published - few[name] / few.published) / moreDeliveries;
    return { perDelivery, perPublication: few[name] / few.published - perDelivery * (few.deliveries / few.published) };
  };
  const [onNode, onProxy] = [split("nodeCpuUs"), split("proxyCpuUs")];
  const [sent, received] = [split("wireSentBytes"), split("wireReceivedBytes")];
  const nodeCpuUsPerBrokerDelivery = few.listenersCpuUs / few.published / listeners;
  const brokerCpuUsPerNodeDelivery =
    (few.brokerCpuUs / few.published - alone.brokerCpuUs / alone.published) / listeners;
  const { publishedPerSecond, deliveriesPerSecond, deliveries, expectedDeliveries, usersEventLoopUtilization } =
    many.ledger;
  // A difference of two noisy numbers may come out below nothing: it stays as it is.
  return defined([
    ["nodeCpuUsPerDelivery", onNode.perDelivery],
    ["nodeCpuUsPerBrokerDelivery", nodeCpuUsPerBrokerDelivery],
    ["nodeCpuUsPerPublication", onNode.perPublication - nodeCpuUsPerBrokerDelivery],
    ["proxyCpuUsPerDelivery", onProxy.perDelivery],
    ["proxyCpuUsPerPublication", onProxy.perPublication],
    ["brokerCpuUsPerNodeDelivery", brokerCpuUsPerNodeDelivery],
    ["brokerCpuUsPerMessage", alone.brokerCpuUs / alone.published - brokerCpuUsPerNodeDelivery],
    ["nodeMemoryBytesPerConnection", memory.node?.slope],
    ["nodeMemoryBytesBase", memory.node?.intercept],
    ["proxyMemoryBytesPerConnection", memory.proxy?.slope],
    ["wireBytesPerDelivery", sent.perDelivery + received.perDelivery],
    ["wireBytesPerPublication", sent.perPublication + received.perPublication],
    ["publishedPerSecond", publishedPerSecond],
    ["deliveriesPerSecond", deliveriesPerSecond],
    ["deliveredFraction", deliveries / expectedDeliveries],
    ["usersEventLoopUtilization", usersEventLoopUtilization],
  ]);
}

/** Lines through the memory of the node and the load balancer at several numbers of connections, all of them idle. */
async function memoryPerConnection(rig: ClusterRig) {
  const node = rig.nodes[0]!;
  const bytes = (pids: readonly number[]): number =>
    pids.reduce((total, pid) => total + (memoryBytes(pid) ?? Number.NaN), 0);
  const points: { node: Point; proxy: Point }[] = [];
  const idle = await rig.connectSecondUsers(idlers);
  for (let reading = 1; reading <= memoryReadings; reading++) {
    if (reading > 1) await idle.join(idlers);
    await rig.unlessFailed(node.call("collectGarbage", undefined));
    const x = rig.setup.users * usersFactor + idlers * reading;
    points.push({
      node: { x, y: bytes([node.pid!]) },
      proxy: { x, y: bytes(processTree(...rig.proxy.pids())) },
    });
  }
  return { node: fitLine(points.map((point) => point.node)), proxy: fitLine(points.map((point) => point.proxy)) };
}

/** Far below any broker's client library, far above what a node that hears nothing shows. */
const heardUsMin = 10;

const heardByListeners: Expectation = {
  statement: "every message costs every node, whether or not it has a user to send it to",
  formula: `CPU time of a node without users, per message ≥ ${heardUsMin} µs`,
  metric: "nodeCpuUsPerBrokerDelivery",
  expected: { low: heardUsMin },
};

function variants(settings: ClusterSettings): Variant[] {
  const durationMs = durationOf(settings);
  return realBrokers(settings).map(
    (broker): Variant => ({
      name: broker,
      setup: setupOf(settings, { broker, nodes: 1, spareNodes: listeners, users: settings.users }),
      load: { kind: "open", ratePerSecond: rateOf(settings) },
      durationMs,
      settings: { usersMax: settings.users * usersFactor + idlers * memoryReadings, listeningNodes: listeners },
      expectations: [nothingMissing, heardByListeners],
      trafficMs: 2 * warmUpMsOf(settings) + 3 * (1 + restShare) * durationMs + 3000,
      run: (rig) => measureCosts(rig, settings),
    }),
  );
}

/** What a message, a delivery and a connection cost every program on their way: what a capacity plan is made of. */
export const cost = clusterExperiment({
  name: costExperiment,
  group: "scaling",
  title: "What it costs",
  question: "What do one message, one delivery and one connection cost the node, the load balancer and the broker?",
  lesson:
    "CPU time per message is the number that carries over to another machine and another load, rates are not. Three of them matter: what a message costs the node it is published at, what it costs every other node, and what it costs per recipient. The second one decides how far a cluster in which every node hears everything can grow.",
  follows: ["users", "ratePerSecond", "payloadBytes", "durationMs", "brokers", "policy", "protocol"],
  metrics: [
    ...costMetricNames,
    "publishedPerSecond",
    "deliveriesPerSecond",
    "deliveredFraction",
    "usersEventLoopUtilization",
  ],
  variants,
  /** Nothing is published to the broker when there is none, and its listeners hear nothing. */
  sabotage: ([right]) => brokenBy(right!, { broker: "none" }, "nodeCpuUsPerBrokerDelivery"),
});
