import type { MissingDelivery } from "../../load/channel/channel-users-api.ts";
import type { ClusterRig } from "../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings, Setup } from "../rigs/cluster/cluster-setup.ts";
import { brokenBy, clusterExperiment, type Variant } from "./cluster/cluster-experiment.ts";
import {
  type Expectation,
  everybodyBack,
  nobodyCut,
  nothingMissing,
  nothingTwice,
  publisherOrderKept,
} from "./cluster/expectations.ts";
import {
  defined,
  ledgerMeasures,
  ledgerMetrics,
  longestDelayMs,
  outageMeasures,
  outageMetrics,
} from "./cluster/ledger-measures.ts";
import { whyNoRelay } from "./cluster/relayed.ts";
import { hasHistory, realBrokers, setupOf } from "./cluster/setup.ts";
import { breakAt, markOutages, openLoop } from "./cluster/traffic.ts";
import { exactly } from "./contract/experiment.ts";

const faultAfterMs = 400;
/** Between two health checks of a node. */
const checkMs = 1000;
/** Surely covers a health check. */
const cutMs = 1500;
/** Shorter than the time in which a node's heartbeat to its broker is answered: 2 s. */
const silentMs = 1000;
/** Traffic after the node is whole again. */
const afterwardsMs = 500;
/** Between two tries of a node to reach its broker. */
const retryMs = 250;
/** To open a session with the broker, on a busy machine. */
const openMs = 1500;
/** More than any cell here can miss. */
const listedMax = 100_000;

type Fault = "cut" | "silent";

/** One node loses its link to the broker for a while, under load from all nodes. */
async function* partition(rig: ClusterRig, { ratePerSecond, recoveryMsMax }: ClusterSettings, fault: Fault) {
  const victim = rig.nodes[0]!;
  const { name } = victim;
  let [faultNs, healedNs, liveNs] = [0, 0, 0];
  let downNs: number | undefined;
  const durationMs = faultAfterMs + cutMs + recoveryMsMax + afterwardsMs;
  const ledger = yield* openLoop(rig, { ratePerSecond, durationMs, drainMsMax: recoveryMsMax }, async () => {
    await rig.wait(faultAfterMs);
    faultNs =
      fault === "cut"
        ? await breakAt(rig, name, "loses its link to the broker", () => rig.relays.cut(name))
        : await breakAt(rig, name, "hears nothing of the broker any more", () => rig.relays.stall(name));
    const healed = rig.wait(fault === "cut" ? cutMs : silentMs);
    if (fault === "cut") downNs = await rig.untilProxy(name, (status) => status !== "UP", cutMs);
    if (downNs !== undefined) rig.mark("observation", "haproxy", `${name} is not ready`, downNs);
    await healed;
    healedNs = await rig.unlessFailed(rig.relays.heal(name));
    rig.mark("action", name, "its link is whole again", healedNs);
    liveNs = await rig.untilBrokerLive();
    rig.mark("observation", name, "subscription live", liveNs);
    await rig.untilEverybodyIsBack();
    await rig.wait(afterwardsMs);
    rig.users.halt();
  });
  const awayS = (liveNs - faultNs) / 1e9;
  const { nodes, users } = rig.setup;
  const { deliveries } = await rig.users.missing(listedMax);
  const accepted = deliveries.filter(({ answer }) => answer === "accepted");
  const ofCutNode = ({ recipientNode }: MissingDelivery): boolean => recipientNode === name;
  return {
    ...ledgerMeasures(ledger),
    ...outageMeasures(await markOutages(rig, faultNs), faultNs),
    gapNotices: ledger.gapNotices,
    otherNodesMissedDeliveries: accepted.filter((missing) => missing.recipientNode !== undefined && !ofCutNode(missing))
      .length,
    // Unless it was cut, the node never knew.
    ...(fault === "cut" && {
      linkAwayMs: awayS * 1000,
      linkRecoveryMs: (liveNs - healedNs) / 1e6,
      refusedShareOfOutage: ledger.rejectedMessages / ((ratePerSecond / nodes) * awayS),
      cutNodeMissedShareOfOutage:
        accepted.filter(ofCutNode).length / (ratePerSecond * (1 - 1 / nodes) * awayS * (users / nodes)),
    }),
    ...defined([
      ["unreadyMs", downNs && (downNs - faultNs) / 1e6],
      ["impairedNodeDeliveryMaxMs", longestDelayMs(ledger, name)],
    ]),
  };
}

/** Of one node's share of the traffic a message more or less is a matter of when the schedule meets the outage. */
function aboutAll(
  ratePerSecond: number,
  metric: Expectation["metric"],
  statement: string,
  formula: string,
): Expectation {
  const two = 2000 / (ratePerSecond * cutMs);
  return {
    statement,
    formula: `${formula} ≈ 1: at least 0.7, since the time away ends when it was seen to; and two messages`,
    metric,
    expected: { low: 0.7 - two, high: 1.1 + two },
  };
}

const othersMissNothing: Expectation = {
  statement: "the users of the other nodes get everything the broker took",
  formula: "missing of the accepted, at users of other nodes = 0",
  metric: "otherNodesMissedDeliveries",
  expected: exactly(0),
};

/** What the users of the node are told, and whether they get what they missed. */
function afterwards(setup: Setup, { ratePerSecond, nodes }: ClusterSettings): Expectation[] {
  const perNode = setup.users / setup.nodes;
  const others = ratePerSecond * (1 - 1 / nodes);
  const missed = (expected: Expectation["expected"], statement: string, formula: string): Expectation => ({
    statement,
    formula,
    metric: "cutNodeMissedShareOfOutage",
    expected,
  });
  if (!hasHistory(setup.broker)) {
    return [
      {
        statement: "nobody can say what the node has not heard, so each of its users is told of a gap",
        formula: `gap notices = users / N = ${perNode}`,
        metric: "gapNotices",
        expected: exactly(perNode),
      },
      aboutAll(
        others,
        "cutNodeMissedShareOfOutage",
        "its users miss what the others published, from the cut until the link is back",
        "missing of the accepted / (rate × (1 - 1 / N) × time away × users / N)",
      ),
    ];
  }
  return [
    {
      statement: "the node goes on where it was in the broker's history: no gap",
      formula: "gap notices = 0",
      metric: "gapNotices",
      expected: exactly(0),
    },
    missed(exactly(0), "its users get everything, late", "missing of the accepted = 0"),
    {
      statement: "the first message after the cut waits for all of the outage, and no message for longer",
      formula: `cut - two messages ≤ longest delay ≤ cut + a try + a session = ${cutMs} + ${retryMs} + ${openMs} ms`,
      metric: "impairedNodeDeliveryMaxMs",
      expected: { low: cutMs - 2000 / others, high: cutMs + retryMs + openMs },
    },
  ];
}

/** Where readiness and `on-marked-down shutdown-sessions` take the users off the node. */
function moved({ users, nodes }: Setup): Expectation[] {
  return [
    {
      statement:
        "the node is marked down for its link, and its users are cut off, to come back where they hear everything",
      formula: `dropped = users / N = ${users / nodes}`,
      metric: "droppedConnections",
      expected: exactly(users / nodes),
    },
    {
      statement: "that ends their silence after one interval of the check, however long the link is away",
      formula: `inter = ${checkMs} ms, and half a second of grace for a busy machine`,
      metric: "lastDetectMs",
      expected: { high: checkMs + 500 },
    },
    everybodyBack,
  ];
}

function variants(settings: ClusterSettings): Variant[] {
  const { ratePerSecond, nodes } = settings;
  const variant = (
    broker: string,
    fault: Fault,
    expect: (setup: Setup) => Expectation[],
    shutdownSessions = false,
  ): Variant => {
    const setup = setupOf(settings, { broker, relayedNodes: 1, shutdownSessions });
    const faultMs = fault === "cut" ? cutMs : silentMs;
    const what = shutdownSessions ? ", readiness moves its users" : fault === "silent" ? ", silent" : "";
    return {
      name: `${broker}${what}`,
      setup,
      load: { kind: "open", ratePerSecond },
      settings: { fault, faultMs, shutdownSessions },
      expectations: [...expect(setup), othersMissNothing, nothingTwice, publisherOrderKept],
      trafficMs: faultAfterMs + faultMs + retryMs + afterwardsMs,
      run: (rig) => partition(rig, settings, fault),
    };
  };
  const brokers = realBrokers(settings);
  return [
    ...brokers.map((broker) =>
      variant(broker, "cut", (setup) => [
        ...afterwards(setup, settings),
        aboutAll(
          ratePerSecond / nodes,
          "refusedShareOfOutage",
          "what its users publish meanwhile is refused, and they are told",
          "rejected / (rate / N × time away)",
        ),
        nobodyCut,
        {
          statement: "readiness follows the link, so the load balancer knows with the next check",
          formula: `inter = ${checkMs} ms, and half a second of grace for a busy machine`,
          metric: "unreadyMs",
          expected: { high: checkMs + 500 },
        },
        {
          statement: "the node is back by itself, soon after its link is",
          formula: `a try and a session = ${retryMs} + ${openMs} ms`,
          metric: "linkRecoveryMs",
          expected: { high: retryMs + openMs },
        },
      ]),
    ),
    ...brokers
      .filter((broker) => !hasHistory(broker))
      .slice(0, 1)
      .map((broker) =>
        variant(broker, "silent", () => [
          {
            ...nothingMissing,
            statement:
              "a silence shorter than the heartbeat's patience costs time and no message: TCP keeps what it carries",
          },
          {
            statement: "and nobody is told of a gap",
            formula: "gap notices = 0",
            metric: "gapNotices",
            expected: exactly(0),
          },
          {
            statement: "what was published first waits for all of the silence",
            formula: `silence - two messages = ${silentMs} ms - ${Math.round(2000 / ratePerSecond)} ms`,
            metric: "impairedNodeDeliveryMaxMs",
            expected: { low: silentMs - 2000 / ratePerSecond },
          },
          nobodyCut,
        ]),
      ),
    ...brokers
      .filter((broker) => !hasHistory(broker))
      .slice(0, 1)
      .map((broker) => variant(broker, "cut", moved, true)),
  ];
}

/** One node is cut off from its broker, and comes back. */
export const nodePartition = clusterExperiment({
  name: "node-partition",
  group: "failure",
  title: "A node is cut off from its broker",
  question:
    "One node loses its link to the broker for a moment, the others do not. What do its users miss, is anybody told, and when is the node whole again?",
  lesson:
    "The users of that node stay connected and see nothing: no error, no message. With a broker that keeps nothing they have lost what the others said, and only a notice of a gap tells them; with one that keeps a log the node goes on where it was, and they get everything late. What they say themselves is refused at once, which is right: nobody could say whether it was heard. The node's readiness tells the load balancer, which then sends nobody new there; with `on-marked-down shutdown-sessions` it also sends the others away, which is right for one node and wrong for a broker that all nodes have lost.",
  follows: ["nodes", "users", "ratePerSecond", "payloadBytes", "brokers", "policy", "protocol"],
  metrics: [
    ...ledgerMetrics,
    ...outageMetrics,
    "gapNotices",
    "linkAwayMs",
    "linkRecoveryMs",
    "unreadyMs",
    "refusedShareOfOutage",
    "cutNodeMissedShareOfOutage",
    "impairedNodeDeliveryMaxMs",
    "otherNodesMissedDeliveries",
  ],
  predicts: ["connection"],
  unfit: ({ setup }) => whyNoRelay(setup.broker),
  variants,
  sabotage(cells) {
    const keeps = cells.find(({ setup }) => hasHistory(setup.broker))!;
    const forgets = cells.find(({ setup }) => !hasHistory(setup.broker))!;
    return brokenBy(keeps, { broker: forgets.setup.broker }, "gapNotices");
  },
});
