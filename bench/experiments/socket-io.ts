import type { ClusterRig } from "../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings, Setup } from "../rigs/cluster/cluster-setup.ts";
import { defaultProtocol } from "../targets/balanced-protocols.ts";
import { brokenBy, clusterExperiment, type Variant } from "./cluster/cluster-experiment.ts";
import { coresMetrics } from "./cluster/cores.ts";
import {
  type Expectation,
  everybodyBack,
  nobodyCut,
  noSilentLoss,
  nothingMissing,
  nothingTwice,
} from "./cluster/expectations.ts";
import { ledgerMeasures, ledgerMetrics, outageMeasures, outageMetrics } from "./cluster/ledger-measures.ts";
import { realBrokers, setupOf } from "./cluster/setup.ts";
import { breakAt, closedLoop, markOutages, openLoop } from "./cluster/traffic.ts";
import { exactly } from "./contract/experiment.ts";

/** Redis carries the messages, as Pub/Sub or as a stream. */
const carriers = ["redis", "redis-streams"] as const;
type Carrier = (typeof carriers)[number];
const softwares = ["wirebench", "socket.io"] as const;
type Software = (typeof softwares)[number];
const faults = ["nothing broken", "Redis killed", "node killed"] as const;
type Fault = (typeof faults)[number];

const faultAfterMs = 500;
/** Redis, or the node, is away for so long. */
const awayMs = 1000;
/** Traffic after everything works again. */
const afterwardsMs = 700;
/** Before a user tries to come back, so that there is something to miss. */
const waitMs = 200;
/** Of the closed loop that tells what a delivery costs. */
const inFlight = 4;
const publishersClosed = 3;

async function* undisturbed(rig: ClusterRig, { ratePerSecond, durationMs }: ClusterSettings) {
  const ledger = yield* openLoop(rig, { name: "by the clock", ratePerSecond, durationMs });
  const outages = outageMeasures(await rig.users.outages(), 0);
  await rig.users.reset();
  const { cores } = yield* closedLoop(rig, {
    name: "as fast as it goes",
    durationMs,
    inFlight,
    publishers: publishersClosed,
  });
  return { ...ledgerMeasures(ledger), ...outages, ...cores, nodeDeaths: rig.nodeDeaths };
}

/** What a supervisor does: whatever died is started again. */
async function startTheDead(rig: ClusterRig): Promise<void> {
  for (const node of rig.nodes) {
    if (node.pid !== undefined) continue;
    rig.mark("action", node.name, "started again");
    await rig.unlessFailed(node.start());
  }
}

async function* broken(rig: ClusterRig, settings: ClusterSettings, fault: Exclude<Fault, "nothing broken">) {
  const { ratePerSecond, recoveryMsMax } = settings;
  const killsNode = fault === "node killed";
  const victim = rig.nodes[0]!;
  let faultNs = 0;
  const ledger = yield* openLoop(
    rig,
    {
      ratePerSecond,
      durationMs: faultAfterMs + awayMs + 2 * recoveryMsMax + afterwardsMs,
      drainMsMax: recoveryMsMax,
      // So that what is lost was lost on the way to a recipient.
      ...(killsNode && { publishersOn: rig.nodes.slice(1).map(({ name }) => name) }),
    },
    async () => {
      await rig.wait(faultAfterMs);
      if (killsNode) {
        faultNs = await breakAt(rig, victim.name, "killed", () => victim.kill());
        await rig.untilCut(rig.atStart.perNode[victim.name] ?? 0, faultNs);
        await rig.wait(awayMs);
      } else {
        const broker = rig.broker!;
        faultNs = await breakAt(rig, broker.name, "killed", () => broker.kill());
        await rig.wait(awayMs);
        rig.mark("action", broker.name, "started again");
        await rig.unlessFailed(broker.restart());
      }
      await startTheDead(rig);
      await rig.untilBrokerLive();
      await rig.untilEverybodyIsBack();
      await rig.wait(afterwardsMs);
      rig.users.halt();
    },
  );
  const outages = outageMeasures(await markOutages(rig, faultNs), faultNs);
  return { ...ledgerMeasures(ledger), ...outages, nodeDeaths: rig.nodeDeaths };
}

const noNodeDies: Expectation = {
  statement: "a node outlives its Redis: its documentation says that packets then reach the users of that node only",
  formula: "node deaths = 0; socket.io/docs/v4/redis-adapter, “What happens when Redis server is down?”",
  metric: "nodeDeaths",
  expected: exactly(0),
};

const ownUsersServed: Expectation = {
  statement: "while Redis is away a node still serves its own users",
  formula: "same-node delivered = 1; socket.io/docs/v4/redis-adapter, “What happens when Redis server is down?”",
  metric: "sameNodeDeliveredFraction",
  expected: exactly(1),
};

/** The most careful reading of the same sentence. */
function othersMiss({ users, nodes }: Setup): Expectation {
  const others = (users * (nodes - 1)) / nodes;
  return {
    statement: "what is published meanwhile does not reach the users of other nodes, and nobody is told",
    formula: `silent loss ≥ users of other nodes × one message = ${users} × (N - 1) / N = ${others}; the same sentence`,
    metric: "silentLossDeliveries",
    expected: { low: others },
  };
}

const resumesStream: Expectation = {
  statement: "the adapter handles a temporary disconnection from Redis and resumes the stream",
  formula:
    "delivered / (published × users) = 1; README of @socket.io/redis-streams-adapter: “will properly handle any temporary disconnection to the Redis server and resume the stream”",
  metric: "deliveredFraction",
  expected: exactly(1),
};

const ourNodesLive: Expectation = {
  statement: "a node outlives its broker",
  formula: "node deaths = 0",
  metric: "nodeDeaths",
  expected: exactly(0),
};

/** Every user of the node misses at least what is due while it waits. */
function lost(
  { users, nodes }: Setup,
  ratePerSecond: number,
  metric: "silentLossDeliveries" | "declaredLossDeliveries",
  statement: string,
  source: string,
): Expectation {
  const perNode = users / nodes;
  const perUser = Math.floor((ratePerSecond * waitMs) / 1000);
  return {
    statement,
    formula: `users / N × rate × wait ≥ ${perNode} × ⌊${ratePerSecond} × ${waitMs / 1000}⌋ = ${perNode * perUser}${source}`,
    metric,
    expected: { low: perNode * perUser },
  };
}

function afterNodeKill(software: Software, carrier: Carrier, setup: Setup, ratePerSecond: number): Expectation[] {
  if (software === "wirebench") return carrier === "redis" ? [noSilentLoss] : [noSilentLoss, nothingMissing];
  return carrier === "redis"
    ? [
        lost(
          setup,
          ratePerSecond,
          "silentLossDeliveries",
          "a user that is away misses what is published meanwhile, and nobody tells it what",
          "; README of @socket.io/redis-adapter: no connection state recovery",
        ),
      ]
    : [
        noSilentLoss,
        lost(
          setup,
          ratePerSecond,
          "declaredLossDeliveries",
          "a node stores the session of a user when the connection ends, so a killed one has stored none to recover from",
          "; socket.io, Socket#_onclose: persistSession",
        ),
      ];
}

function expected(
  software: Software,
  carrier: Carrier,
  fault: Fault,
  setup: Setup,
  { ratePerSecond }: ClusterSettings,
): Expectation[] {
  const ours = software === "wirebench";
  switch (fault) {
    case "nothing broken":
      return [nothingMissing, nothingTwice, nobodyCut];
    case "node killed":
      return [everybodyBack, nothingTwice, ...afterNodeKill(software, carrier, setup, ratePerSecond)];
    case "Redis killed":
      if (ours) return [noSilentLoss, nothingTwice, nobodyCut, ourNodesLive];
      return [
        nothingTwice,
        nobodyCut,
        noNodeDies,
        ...(carrier === "redis" ? [ownUsersServed, othersMiss(setup)] : [resumesStream]),
      ];
  }
}

function variants(settings: ClusterSettings): Variant[] {
  const { ratePerSecond, durationMs } = settings;
  const variant = (software: Software, carrier: Carrier, fault: Fault): Variant => {
    const setup = setupOf(settings, {
      protocol: defaultProtocol.name,
      broker: carrier,
      // The adapter for Pub/Sub knows no recovery that a user could ask for.
      resume: software === "wirebench" || carrier === "redis-streams",
      backoff: { kind: "fixed", delayMs: waitMs },
      // A node that is not ready because its Redis is away keeps its users.
      shutdownSessions: fault !== "Redis killed",
      nodesMayDie: true,
      ...(software === "socket.io" && { nodeSoftware: software }),
    });
    const name = software === "wirebench" ? "wirebench" : "Socket.IO";
    return {
      name: `${name} on ${carrier}, ${fault}`,
      setup,
      load: { kind: "open", ratePerSecond },
      ...(fault === "nothing broken" && { durationMs }),
      settings: { fault },
      expectations: expected(software, carrier, fault, setup, settings),
      trafficMs: fault === "nothing broken" ? 2 * durationMs + 1000 : faultAfterMs + awayMs + 3000 + afterwardsMs,
      run: (rig) => (fault === "nothing broken" ? undisturbed(rig, settings) : broken(rig, settings, fault)),
    };
  };
  const brokers = realBrokers(settings);
  return carriers
    .filter((carrier) => brokers.includes(carrier))
    .flatMap((carrier) => faults.flatMap((fault) => softwares.map((software) => variant(software, carrier, fault))));
}

/** Socket.IO's adapters for Redis Pub/Sub and Redis Streams beside our own nodes. */
export const socketIo = clusterExperiment({
  name: "socket-io",
  group: "failure",
  title: "Socket.IO nodes",
  question:
    "Most people run Socket.IO with an adapter for Redis. What does it deliver, what does a delivery cost, and what is lost when Redis or a node is killed, beside nodes that wait for the broker's answer and say what is missing?",
  lesson:
    "An adapter hands a message on and does not wait: a publisher hears that all is well before the broker has seen it, so what is lost on the way is lost without a word. Whether a node outlives its Redis is a matter of the adapter and of the client under it, here that of the package `redis`; the documentation of the adapter for Pub/Sub advises `ioredis`. Connection state recovery is stored by the node that the user was on, so it serves users whose connection broke and not those whose node did.",
  presets: ["standard", "full"],
  follows: ["nodes", "users", "ratePerSecond", "payloadBytes", "durationMs", "brokers", "policy"],
  metrics: [...ledgerMetrics, ...outageMetrics, ...coresMetrics, "nodeDeaths"],
  variants,
  sabotage: (cells) =>
    brokenBy(cells.find(({ setup }) => setup.nodeSoftware === "socket.io")!, { broker: "none" }, "deliveredFraction"),
});
