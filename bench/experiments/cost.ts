import type { Window } from "../../results/contract/results.ts";
import { costExperiment, costMetricNames } from "../../results/metrics/cost-metrics.ts";
import type { Measures } from "../../results/metrics/metrics.ts";
import { type CostProgram, type CostWindow, recordCosts } from "../../results/recording/cost-windows.ts";
import { fitLine, type Point } from "../../results/statistics/line.ts";
import { pidsOf } from "../../servers/programs/ensemble.ts";
import type { ClusterNode } from "../rigs/cluster/cluster-node.ts";
import type { ClusterRig } from "../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import type { JudgedLedger } from "../rigs/cluster/judged-ledger.ts";
import { memoryBytes, processTree } from "../rigs/proc/process-use.ts";
import { WorkMeter } from "../rigs/proc/work-meter.ts";
import { brokenBy, clusterExperiment, type Variant } from "./cluster/cluster-experiment.ts";
import { type Expectation, nothingMissing } from "./cluster/expectations.ts";
import { defined, missingMetrics } from "./cluster/ledger-measures.ts";
import { realBrokers, setupOf } from "./cluster/setup.ts";
import { closedLoop, publishFor } from "./cluster/traffic.ts";

/** Nodes that only listen to the broker: what a message costs them, a message costs every node. */
const listeners = 2;
/** Two audiences tell a delivery from a message. Small ones, so that the users are no part of what is measured. */
const fewUsers = 4;
const manyUsers = 20;
/** Users beyond those that take part, so many more for each of the readings of memory: enough to be seen beside noise. */
const idlers = 100;
const memoryReadings = 4;
const pausesMs = 200;
/** A collection that gives back less is the last one. */
const givenBackBytes = 128 * 1024;
const givingBackLooksMax = 10;

/** Messages that come by the clock, as multiples of the rate asked for; the middle one is what "one by one" is told by. */
const pacedRates = { slow: 2, middle: 8, fast: 20 } as const;
/** On their way per publisher, at most: many messages share a wake-up. */
const batchInFlight = 16;

const rateOf = ({ ratePerSecond }: ClusterSettings, speed: keyof typeof pacedRates): number =>
  ratePerSecond * pacedRates[speed];

/** Of each window. There are many: a line through several loads tells more than one of them measured for longer. */
const windowMsOf = ({ durationMs }: ClusterSettings): number => durationMs * 0.3;
/** Code that has just started costs a multiple: thousands of messages first. */
const warmUpMs = 400;
const warmUpInFlight = 8;

interface Measured {
  readonly ledger: JudgedLedger;
  readonly window: Window;
}

/** Of a window with traffic, the parts before its first message and after its last. */
const quietMs = 150;

/** By the clock, or a closed loop with so many on their way. */
type Load = { readonly ratePerSecond: number } | { readonly inFlight: number };

/** Windows of traffic, each with what the programs on a message's way did in it. */
class CostedTraffic {
  /** Over all windows. */
  readonly seen = { deliveries: 0, expected: 0, publishedPerSecond: 0, deliveriesPerSecond: 0, utilization: 0 };
  /** Over all windows, and whose doing it was. */
  readonly missing: Measures = Object.fromEntries(missingMetrics.map((name) => [name, 0]));
  readonly #rig: ClusterRig;
  readonly #durationMs: number;
  readonly #meter: WorkMeter<CostProgram>;

  constructor(rig: ClusterRig, durationMs: number) {
    this.#rig = rig;
    this.#durationMs = durationMs;
    this.#meter = new WorkMeter(() => ({
      node: [rig.nodes[0]!.pid],
      listeners: rig.nodes.slice(1).map(({ pid }) => pid),
      proxy: rig.proxy.pids(),
      broker: rig.broker ? pidsOf(rig.broker) : [],
    }));
  }

  /** Before what is measured, and unrecorded; fast, so that it is short. */
  async warmUp(): Promise<void> {
    await this.#run({ inFlight: warmUpInFlight }, warmUpMs);
  }

  async *atRest() {
    const { costs } = await this.#metered(async () => {
      await this.#rig.wait(this.#durationMs);
      return undefined;
    }, 0);
    yield { name: "at rest", startMs: 0, durationMs: costs.meteredMs, histograms: {}, measures: recordCosts(costs) };
    return costs;
  }

  async *under(load: Load, name: string) {
    const { users } = this.#rig;
    await users.reset();
    const { costs, ran } = await this.#metered(
      () => this.#run(load, this.#durationMs),
      "inFlight" in load ? load.inFlight : 0,
    );
    const { ledger, window } = ran!;
    const { seen, missing } = this;
    for (const name of missingMetrics) missing[name]! += ledger[name];
    seen.deliveries += ledger.deliveries;
    seen.expected += ledger.expectedDeliveries;
    seen.publishedPerSecond = Math.max(seen.publishedPerSecond, ledger.publishedPerSecond);
    seen.deliveriesPerSecond = Math.max(seen.deliveriesPerSecond, ledger.deliveriesPerSecond);
    seen.utilization = Math.max(seen.utilization, ledger.usersEventLoopUtilization);
    yield { ...window, name, measures: { ...window.measures, ...recordCosts(costs) } };
    return costs;
  }

  async #metered<Ran extends Measured | undefined>(traffic: () => Promise<Ran>, inFlightMessages: number) {
    const { users, nodes } = this.#rig;
    const bytesBefore = await users.wireBytes();
    const { result: ran, ms, of } = await this.#meter.during(traffic);
    const bytesAfter = await users.wireBytes();
    const costs: CostWindow = {
      meteredMs: ms,
      // What is late on a crowded machine is traffic too.
      trafficMs: ran === undefined ? ms : Math.max(ran.window.durationMs, ms - quietMs),
      inFlightMessages,
      publications: ran?.ledger.publishedMessages ?? 0,
      deliveries: ran?.ledger.deliveries ?? 0,
      wireBytes: bytesAfter.sent - bytesBefore.sent + bytesAfter.received - bytesBefore.received,
      listeningNodes: nodes.slice(1).filter(({ pid }) => pid !== undefined).length,
      work: of,
    };
    return { ran, costs };
  }

  async #run(load: Load, durationMs: number): Promise<Measured> {
    if ("ratePerSecond" in load) return await publishFor(this.#rig, { ...load, durationMs });
    const traffic = closedLoop(this.#rig, { ...load, durationMs });
    const [first, last] = [await traffic.next(), await traffic.next()];
    if (first.done === true || last.done !== true) throw new Error("expected one window of a closed loop");
    return { window: first.value, ledger: last.value.ledger };
  }
}

/**
 * One node with few users, the same with nodes beside it that only listen, and then with more users; each at several
 * rates by the clock, and with many messages at once. Differences in how many messages there were, to how many nodes
 * and users, and in how many of them shared a wake-up, tell what each of these costs.
 */
async function* measureCosts(rig: ClusterRig, settings: ClusterSettings) {
  const traffic = new CostedTraffic(rig, windowMsOf(settings));
  const paced = (speed: keyof typeof pacedRates, who: string) =>
    traffic.under({ ratePerSecond: rateOf(settings, speed) }, `${who}, one by one, ${speed}`);
  const batched = (inFlight: number, who: string) =>
    traffic.under({ inFlight }, `${who}, ${inFlight} at once per user`);

  await traffic.warmUp();
  yield* paced("middle", "one node");
  yield* paced("fast", "one node");
  yield* batched(batchInFlight, "one node");

  await Promise.all(rig.nodes.slice(1).map((listener) => rig.unlessFailed(listener.start())));
  await traffic.warmUp();
  const rest = yield* traffic.atRest();
  yield* paced("slow", "listening nodes");
  const few = yield* paced("middle", "listening nodes");
  yield* paced("fast", "listening nodes");
  yield* batched(1, "listening nodes");
  const batch = yield* batched(batchInFlight, "listening nodes");

  await rig.users.join(manyUsers - fewUsers);
  const many = yield* paced("middle", "more users");
  yield* batched(2, "more users");
  const memory = await memoryPerConnection(rig);

  /** Per message, beyond what the same time costs at rest; what cannot be told from that is nothing. */
  const perMessage = (window: CostWindow, program: CostProgram): number | undefined => {
    const [own, atRest] = [window.work[program], rest.work[program]];
    if (own === undefined || atRest === undefined) return undefined;
    const beyond = Math.max(0, own.cpuUs - (atRest.cpuUs * window.meteredMs) / rest.meteredMs);
    return beyond / window.publications / (program === "listeners" ? listeners : 1);
  };
  const idleShare = (program: CostProgram): number | undefined => {
    const atRest = rest.work[program];
    return atRest && atRest.cpuUs / 1000 / rest.meteredMs;
  };
  const paced1 = perMessage(few, "listeners");
  const batched1 = perMessage(batch, "listeners");
  const moreRecipients = many.deliveries / many.publications - few.deliveries / few.publications;
  const bytesPerDelivery = (many.wireBytes / many.publications - few.wireBytes / few.publications) / moreRecipients;
  const { seen, missing } = traffic;
  const measures = defined([
    ["nodeCpuUsPerPacedMessage", paced1],
    ["nodeCpuUsPerBatchedMessage", batched1],
    ["batchedOverPacedCpuRatio", paced1 === undefined || batched1 === undefined ? undefined : batched1 / paced1],
    ["brokerCpuUsPerPacedMessage", perMessage(few, "broker")],
    ["brokerCpuUsPerBatchedMessage", perMessage(batch, "broker")],
    ["nodeIdleCpuShare", idleShare("node")],
    ["proxyIdleCpuShare", idleShare("proxy")],
    ["brokerIdleCpuShare", idleShare("broker")],
    ["nodeMemoryBytesPerConnection", memory.node?.slope],
    ["nodeMemoryBytesBase", memory.node?.intercept],
    ["proxyMemoryBytesPerConnection", memory.proxy?.slope],
    ["wireBytesPerDelivery", bytesPerDelivery],
    ["wireBytesPerPublication", (few.wireBytes - bytesPerDelivery * few.deliveries) / few.publications],
    ["publishedPerSecond", seen.publishedPerSecond],
    ["deliveriesPerSecond", seen.deliveriesPerSecond],
    ["deliveredFraction", seen.deliveries / seen.expected],
    ["usersEventLoopUtilization", seen.utilization],
  ]);
  return { ...measures, ...missing };
}

const bytesOf = (pids: readonly number[]): number =>
  pids.reduce((total, pid) => total + (memoryBytes(pid) ?? Number.NaN), 0);

/** What a node had for the traffic before it gives back by and by, more of it than the connections to come take. */
async function untilGivenBack(rig: ClusterRig, node: ClusterNode): Promise<void> {
  let lastBytes = Number.POSITIVE_INFINITY;
  for (let look = 0; look < givingBackLooksMax; look++) {
    await rig.unlessFailed(node.call("collectGarbage", undefined));
    await rig.wait(pausesMs / 2);
    const nowBytes = bytesOf([node.pid!]);
    if (lastBytes - nowBytes < givenBackBytes) return;
    lastBytes = nowBytes;
  }
}

/** Lines through the memory of the node and the load balancer at several numbers of connections, all of them idle. */
async function memoryPerConnection(rig: ClusterRig) {
  const node = rig.nodes[0]!;
  await untilGivenBack(rig, node);
  const points: { node: Point; proxy: Point }[] = [];
  const idle = await rig.connectSecondUsers(idlers);
  for (let reading = 1; reading <= memoryReadings; reading++) {
    if (reading > 1) await idle.join(idlers);
    await rig.unlessFailed(node.call("collectGarbage", undefined));
    const x = manyUsers + idlers * reading;
    points.push({
      node: { x, y: bytesOf([node.pid!]) },
      proxy: { x, y: bytesOf(processTree(...rig.proxy.pids())) },
    });
  }
  return { node: fitLine(points.map((point) => point.node)), proxy: fitLine(points.map((point) => point.proxy)) };
}

/** Far below any broker's client library, far above what a node that hears nothing shows. */
const heardUsMin = 10;

const heardByListeners: Expectation = {
  statement: "every message costs every node, whether or not it has a user to send it to",
  formula: `CPU time of a node without users, per message ≥ ${heardUsMin} µs`,
  metric: "nodeCpuUsPerPacedMessage",
  expected: { low: heardUsMin },
};

/** Waking up costs several times what a message does; half leaves room for messages that come by the clock and still meet. */
const batchedShareMax = 0.5;

const cheaperTogether: Expectation = {
  statement: "messages that share a wake-up cost less",
  formula: `CPU time of a node without users, per message, many at once ÷ one by one ≤ ${batchedShareMax}`,
  metric: "batchedOverPacedCpuRatio",
  expected: { high: batchedShareMax },
};

/** What `measureCosts` has: windows of traffic, windows at rest and warm-ups. */
const windows = 11;

function variants(settings: ClusterSettings): Variant[] {
  const durationMs = windowMsOf(settings);
  return realBrokers(settings).map(
    (broker): Variant => ({
      name: broker,
      setup: setupOf(settings, { broker, nodes: 1, spareNodes: listeners, users: fewUsers }),
      load: { kind: "open", ratePerSecond: rateOf(settings, "fast") },
      durationMs,
      settings: { usersMax: manyUsers + idlers * memoryReadings, listeningNodes: listeners },
      expectations: [nothingMissing, heardByListeners, cheaperTogether],
      trafficMs: windows * (durationMs + pausesMs) + 2 * (warmUpMs + pausesMs) + 800,
      run: (rig) => measureCosts(rig, settings),
    }),
  );
}

/** What a wake-up, a message, a delivery and a connection cost every program on their way: what a plan is made of. */
export const cost = clusterExperiment({
  name: costExperiment,
  group: "scaling",
  title: "What it costs",
  question: "What do one message, one delivery and one connection cost the node, the load balancer and the broker?",
  lesson:
    "A message is cheap, waking up for it is not: a program that is woken up for every message spends several times what it spends on the same message among others. So CPU per message falls as the load grows, and a load at which a program is busy cannot be worked out from one at which it is idle. And every message costs every node, whether or not it has a user for it: that decides how far a cluster in which every node hears everything can grow.",
  follows: ["ratePerSecond", "payloadBytes", "durationMs", "brokers", "policy", "protocol"],
  metrics: [
    ...costMetricNames,
    "publishedPerSecond",
    "deliveriesPerSecond",
    "deliveredFraction",
    ...missingMetrics,
    "usersEventLoopUtilization",
  ],
  variants,
  /** Nothing is published to the broker when there is none, and its listeners hear nothing. */
  sabotage: ([right]) => brokenBy(right!, { broker: "none" }, "nodeCpuUsPerPacedMessage"),
});
