import type { BrokerName } from "../../results/contract/cluster-results.ts";
import { costExperiment } from "../../results/metrics/cost-metrics.ts";
import { fitLine, type Point } from "../../results/statistics/line.ts";
import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import type { Stage } from "../rigs/cluster/stage.ts";
import { cpuTime, memoryBytes, processTree } from "../rigs/proc/process-use.ts";
import { nothingMissing } from "./cluster/expectations.ts";
import { crowdDeliveriesPerSecondMax } from "./cluster/presets.ts";
import { setupOf } from "./cluster/setup.ts";
import { publishFor } from "./cluster/traffic.ts";
import type { Arm, Expectation, Experiment, Measures } from "./contract/experiment.ts";

/** Nodes that only listen to the broker: what a message costs them, a message costs every node. */
const listeners = 2;
/** The larger audience, as a multiple of the users of the arm. */
const crowding = 4;
/** Users beyond those that take part, so many more for each of the readings of memory: enough to be seen beside noise. */
const idlers = 100;
const memoryReadings = 4;

interface Use {
  readonly node: number;
  readonly listeners: number;
  readonly proxy: number;
  readonly broker: number;
}

/** CPU time so far in microseconds; absent off Linux. */
const cpuUs = (pids: readonly (number | undefined)[]): number =>
  processTree(...pids.filter((pid) => pid !== undefined)).reduce(
    (sum, pid) => sum + (cpuTime(pid)?.cpuUs ?? Number.NaN),
    0,
  );

const useOf = ({ nodes, proxy, broker }: Stage): Use => ({
  node: cpuUs([nodes[0]!.pid]),
  listeners: nodes.slice(1).some(({ pid }) => pid !== undefined) ? cpuUs(nodes.slice(1).map(({ pid }) => pid)) : 0,
  proxy: cpuUs(proxy.pids()),
  broker: cpuUs([broker?.pid]),
});

/** Messages before those that count: code that has just started costs a multiple, and would be taken for their price. */
const warmUpMessages = 400;
/** With the larger audience too the users must be no part of what is measured. */
const rateOf = ({ ratePerSecond, users }: ClusterSettings): number =>
  Math.max(1, Math.min(ratePerSecond * 2, Math.floor(crowdDeliveriesPerSecondMax / (users * crowding))));

/** Long enough for as many messages as a difference of two costs needs. */
const durationOf = (settings: ClusterSettings): number => Math.max(settings.durationMs, 200_000 / rateOf(settings));

/** Before there are many users, so that it can be faster than what is measured. */
async function warmUp(stage: Stage, settings: ClusterSettings): Promise<void> {
  const ratePerSecond = rateOf(settings) * crowding;
  await publishFor(stage, { ratePerSecond, durationMs: (warmUpMessages * 1000) / ratePerSecond });
}

/** What a stretch of traffic cost beyond what the same time costs at rest. */
async function stretch(stage: Stage, settings: ClusterSettings) {
  const durationMs = durationOf(settings);
  const restMs = durationMs / 3;
  const atRest = useOf(stage);
  await stage.wait(restMs);
  const before = useOf(stage);
  const startMs = performance.now();
  await stage.ask("reset", undefined);
  const bytesBefore = await stage.ask("wireBytes", undefined);
  const ledger = await publishFor(stage, {
    ratePerSecond: rateOf(settings),
    durationMs,
  });
  const bytesAfter = await stage.ask("wireBytes", undefined);
  const after = useOf(stage);
  const restShare = (performance.now() - startMs) / restMs;
  const cost = (name: keyof Use): number => after[name] - before[name] - (before[name] - atRest[name]) * restShare;
  return {
    published: ledger.publishedMessages,
    deliveries: ledger.deliveries,
    ledger,
    node: cost("node"),
    listeners: cost("listeners"),
    proxy: cost("proxy"),
    broker: cost("broker"),
    sentBytes: bytesAfter.sent - bytesBefore.sent,
    receivedBytes: bytesAfter.received - bytesBefore.received,
  };
}

/**
 * One node with few users, the same with nodes beside it that only listen, and then with many users: each stretch differs
 * from the one before in one thing. What is left of warming up falls on all of them.
 */
async function measureCosts(stage: Stage, settings: ClusterSettings): Promise<Measures> {
  await warmUp(stage, settings);
  const alone = await stretch(stage, settings);
  await Promise.all(stage.nodes.slice(1).map((listener) => stage.unlessFailed(listener.start())));
  await warmUp(stage, settings);
  const few = await stretch(stage, settings);
  await stage.ask("join", { users: stage.setup.users * (crowding - 1) });
  const many = await stretch(stage, settings);
  const memory = await memoryPerConnection(stage);

  const moreDeliveries = many.deliveries / many.published - few.deliveries / few.published;
  /** From two audiences: what one more recipient costs, and what is left for the message itself. */
  const split = (name: "node" | "proxy" | "sentBytes" | "receivedBytes") => {
    const perDelivery = (many[name] / many.published - few[name] / few.published) / moreDeliveries;
    return { perDelivery, perPublication: few[name] / few.published - perDelivery * (few.deliveries / few.published) };
  };
  const [onNode, onProxy, sent, received] = [split("node"), split("proxy"), split("sentBytes"), split("receivedBytes")];
  const nodeCpuUsPerBrokerDelivery = few.listeners / few.published / listeners;
  const brokerCpuUsPerNodeDelivery = (few.broker / few.published - alone.broker / alone.published) / listeners;
  return finite({
    nodeCpuUsPerDelivery: onNode.perDelivery,
    nodeCpuUsPerBrokerDelivery,
    nodeCpuUsPerPublication: onNode.perPublication - nodeCpuUsPerBrokerDelivery,
    proxyCpuUsPerDelivery: onProxy.perDelivery,
    proxyCpuUsPerPublication: onProxy.perPublication,
    brokerCpuUsPerNodeDelivery,
    brokerCpuUsPerMessage: alone.broker / alone.published - brokerCpuUsPerNodeDelivery,
    nodeMemoryBytesPerConnection: memory.node?.slope,
    nodeMemoryBytesBase: memory.node?.intercept,
    proxyMemoryBytesPerConnection: memory.proxy?.slope,
    wireBytesPerDelivery: sent.perDelivery + received.perDelivery,
    wireBytesPerPublication: sent.perPublication + received.perPublication,
    publishedPerSecond: many.ledger.publishedPerSecond,
    deliveriesPerSecond: many.ledger.deliveriesPerSecond,
    deliveredFraction: many.ledger.deliveries / many.ledger.expectedDeliveries,
    usersEventLoopUtilization: many.ledger.usersEventLoopUtilization,
  });
}

/** Lines through the memory of the node and the load balancer at several numbers of connections, all of them idle. */
async function memoryPerConnection(stage: Stage) {
  const node = stage.nodes[0]!;
  const bytes = (pids: readonly number[]): number =>
    pids.reduce((total, pid) => total + (memoryBytes(pid) ?? Number.NaN), 0);
  const points: { node: Point; proxy: Point }[] = [];
  const crowd = await stage.openCrowd(idlers);
  for (let reading = 1; reading <= memoryReadings; reading++) {
    if (reading > 1) await stage.unlessFailed(crowd.call("join", { users: idlers }, 30_000));
    await node.call("collectGarbage", undefined);
    const x = stage.setup.users * crowding + idlers * reading;
    points.push({
      node: { x, y: bytes([node.pid!]) },
      proxy: { x, y: bytes(processTree(...stage.proxy.pids())) },
    });
  }
  return { node: fitLine(points.map((point) => point.node)), proxy: fitLine(points.map((point) => point.proxy)) };
}

/** What could not be read is left out. A difference of two noisy numbers may come out below nothing: it stays as it is. */
const finite = (measures: Record<string, number | undefined>): Measures =>
  Object.fromEntries(Object.entries(measures).filter((entry): entry is [string, number] => Number.isFinite(entry[1])));

/** Far below any broker's client library, far above what a node that hears nothing shows. */
const heardUsMin = 10;

const heardByListeners: Expectation = {
  statement: "every message costs every node, whether or not it has a user to send it to",
  formula: `CPU time of a node without users, per message ≥ ${heardUsMin} µs`,
  metric: "nodeCpuUsPerBrokerDelivery",
  expected: { low: heardUsMin, high: Number.MAX_SAFE_INTEGER },
};

function arms(settings: ClusterSettings): Arm[] {
  return settings.brokers
    .filter((broker) => broker !== "none")
    .map(
      (broker: BrokerName): Arm => ({
        name: broker,
        setup: setupOf(settings, { broker, nodes: 1, spareNodes: listeners, users: settings.users }),
        ratePerSecond: rateOf(settings),
        settings: { usersMax: settings.users * crowding + idlers * memoryReadings, listeningNodes: listeners },
        expectations: [nothingMissing, heardByListeners],
        run: (stage) => measureCosts(stage, settings),
      }),
    );
}

/** What a message, a delivery and a connection cost every program on their way: what a capacity plan is made of. */
export const cost: Experiment = {
  name: costExperiment,
  group: "scaling",
  title: "What it costs",
  question: "What do one message, one delivery and one connection cost the node, the load balancer and the broker?",
  lesson:
    "CPU time per message is the number that carries over to another machine and another load, rates are not. Three of them matter: what a message costs the node it is published at, what it costs every other node, and what it costs per recipient. The second one decides how far a cluster in which every node hears everything can grow.",
  arms,
  /** Nothing is published to the broker when there is none, and its listeners hear nothing. */
  broken: (settings) => {
    const right = arms(settings)[0]!;
    return { ...right, setup: { ...right.setup, broker: "none" }, fails: "nodeCpuUsPerBrokerDelivery" };
  },
};
