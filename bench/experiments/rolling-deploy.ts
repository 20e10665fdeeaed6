import type { Outage } from "../../load/channel/channel-users-api.ts";
import { nowNs } from "../../protocol/clock.ts";
import type { ClusterNode } from "../rigs/cluster/cluster-node.ts";
import type { ClusterRig } from "../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings, Setup } from "../rigs/cluster/cluster-setup.ts";
import { clusterExperiment, type Variant } from "./cluster/cluster-experiment.ts";
import { type Expectation, everybodyBack } from "./cluster/expectations.ts";
import {
  ledgerMeasures,
  ledgerMetrics,
  outageMeasures,
  outageMetrics,
  peakAttempts,
} from "./cluster/ledger-measures.ts";
import { hasHistory, realBrokers, setupOf } from "./cluster/setup.ts";
import { breakAt, markOutages, missedMeasures, openLoop } from "./cluster/traffic.ts";
import { exactly } from "./contract/experiment.ts";

/** Users told to move by a node that is about to go. */
const movedPerSecond = 10;
/** First wait of a user that was cut off, at most. */
const backoffMs = 100;
/** For a handshake, on a busy machine. */
const handshakeMs = 500;
/** Traffic before the first node goes and after the last is back. */
const marginMs = 300;
const seriesStepMs = 100;

/** How one node is taken out of service. */
type Leave = (rig: ClusterRig, node: ClusterNode) => Promise<void>;

/** A process that handles no signal is gone with everything it had. */
const atOnce: Leave = async (rig, node) => {
  const users = (await rig.users.counts()).perNode[node.name] ?? 0;
  const leftNs = await breakAt(rig, node.name, "stopped at once (SIGTERM)", () => node.stop());
  await rig.untilCut(users, leftNs);
};

/** What a Kubernetes preStop hook does: no new users, then those that are there leave at a pace, then the process ends. */
const politely: Leave = async (rig, node) => {
  const { name } = node;
  await breakAt(rig, name, "told not to be ready any more", () => node.call("ready", { ready: false }));
  await rig.untilProxy(name, (status) => status !== "UP");
  rig.mark("observation", "haproxy", `sends nobody to ${name} any more`);
  await rig.unlessFailed(node.call("drain", { perSecond: movedPerSecond }, 60_000));
  rig.mark("observation", name, "has no users left");
  await rig.unlessFailed(node.stop());
};

/** Every node in its turn, under load. */
async function* deploy(rig: ClusterRig, { ratePerSecond, recoveryMsMax }: ClusterSettings, leave: Leave) {
  const beganNs = nowNs();
  const durationMs = 2 * marginMs + rig.nodes.length * 3 * recoveryMsMax;
  const ledger = yield* openLoop(rig, { ratePerSecond, durationMs, drainMsMax: recoveryMsMax }, async () => {
    await rig.wait(marginMs);
    for (const node of rig.nodes) {
      await leave(rig, node);
      await rig.unlessFailed(node.start());
      rig.mark("action", node.name, "started anew");
      await rig.untilProxy(node.name, (status) => status === "UP");
      await rig.untilEverybodyIsBack();
    }
    await rig.wait(marginMs);
    rig.users.halt();
  });
  const outages = await markOutages(rig, beganNs);
  const { users, nodes } = rig.setup;
  const perNode = rig.nodes.map(({ name }) => name);
  const counts = (await rig.users.counts()).perNode;
  const connections = perNode.map((name) => counts[name] ?? 0);
  return {
    ...ledgerMeasures(ledger),
    ...outageMeasures(outages, beganNs),
    ...peakAttempts(await rig.users.series({ startNs: beganNs, endNs: nowNs(), stepMs: seriesStepMs })),
    acceptedMissingDeliveries: ledger.acceptedMissingDeliveries,
    ...(await missedMeasures(rig, outages)),
    droppedConnectionsPerUser: outages.length / users,
    usersAwayMax: mostAtOnce(outages),
    connectionsMinPerNode: Math.min(...connections),
    connectionSpreadRatio: Math.max(...connections) / (users / nodes),
  };
}

/** The most outages under way in one moment. */
function mostAtOnce(outages: readonly Outage[]): number {
  const changes = outages
    .flatMap(({ disconnectedNs, reconnectedNs }) => [
      { atNs: disconnectedNs, by: 1 },
      { atNs: reconnectedNs ?? Number.POSITIVE_INFINITY, by: -1 },
    ])
    .sort((a, b) => a.atNs - b.atNs || a.by - b.by);
  let [away, most] = [0, 0];
  for (const { by } of changes) {
    away += by;
    most = Math.max(most, away);
  }
  return most;
}

const stateLost: Expectation = {
  statement: "what a node kept for its users goes with it, however politely they were sent away",
  formula: "found on coming back = 0",
  metric: "foundAfterFaultFraction",
  expected: exactly(0),
};

/** Away for tens of milliseconds each, so that a message which was sent as its user came back makes much of it. */
const missedMeanwhile: Expectation = {
  statement: "who only reconnects misses what was published while it was away, and nobody tells it",
  formula: "missing of what was sent while each was away = 1, less half",
  metric: "missedShareOfOutage",
  expected: { low: 0.5 },
};

const allAtOnce = (perNode: number, statement: string): Expectation => ({
  statement,
  formula: `most away at once ≥ users / N = ${perNode}`,
  metric: "usersAwayMax",
  expected: { low: perNode },
});

/** Where users of `leastconn` are after each of the nodes was replaced in turn. */
function whereTheyGo({ users, nodes, policy }: Setup): Expectation[] {
  if ((policy !== "leastconn" && policy !== "leastconn+cookie") || nodes < 2) return [];
  const moves = 1 + 1 / nodes;
  return [
    {
      statement:
        "the first node's users go to all the others; from then on a node holds users / (N - 1), and all of them go to the node that came back before",
      formula: `(users / N + (N - 1) × users / (N - 1)) / users = 1 + 1 / N = ${moves.toFixed(2)}, and two moves more or less`,
      metric: "droppedConnectionsPerUser",
      expected: { low: moves - 2 / users, high: moves + 2 / users },
    },
    {
      statement: "so the last node to be replaced stays empty: connections that stay do not spread by themselves",
      formula: "fewest on a node = 0",
      metric: "connectionsMinPerNode",
      expected: exactly(0),
    },
  ];
}

function variants(settings: ClusterSettings): Variant[] {
  const brokers = realBrokers(settings);
  const broker = brokers.find(hasHistory) ?? brokers[0] ?? "memory";
  const perNode = setupOf(settings).users / settings.nodes;
  const drainMs = (perNode * 1000) / movedPerSecond;
  const variant = (
    name: string,
    leave: Leave,
    own: Partial<Setup>,
    expect: (setup: Setup) => Expectation[],
  ): Variant => {
    const setup = setupOf(settings, {
      broker,
      shutdownSessions: false,
      backoff: { kind: "full-jitter", baseMs: backoffMs, capMs: 2000 },
      ...own,
    });
    return {
      name,
      setup,
      load: { kind: "open", ratePerSecond: settings.ratePerSecond },
      settings: { shutdownSessions: setup.shutdownSessions },
      expectations: [...expect(setup), stateLost, everybodyBack],
      trafficMs: 2 * marginMs + settings.nodes * (leave === atOnce ? 1000 : 3500 + drainMs),
      run: (rig) => deploy(rig, settings, leave),
    };
  };
  const few = Math.ceil((movedPerSecond * (backoffMs + handshakeMs)) / 1000) + 1;
  const atAPace: Expectation = {
    statement: "users leave at the pace of the drain, so that few are away at any moment",
    formula: `pace × (back-off + handshake) + 1 = ${movedPerSecond} × ${backoffMs + handshakeMs} ms + 1`,
    metric: "usersAwayMax",
    expected: { high: few },
  };
  const all = "all users of a node are cut off in the same moment";
  return [
    variant("SIGTERM at once", atOnce, {}, () => [allAtOnce(perNode, all), missedMeanwhile]),
    variant("preStop", politely, {}, (setup) => [atAPace, missedMeanwhile, ...whereTheyGo(setup)]),
    variant("preStop, resume", politely, { resume: true }, (setup) => [
      atAPace,
      {
        statement: "who asks for what it missed gets all that the broker took",
        formula: "missing of the accepted = 0",
        metric: "acceptedMissingDeliveries",
        expected: exactly(0),
      },
      ...whereTheyGo(setup),
    ]),
    variant("preStop, shutdown-sessions", politely, { shutdownSessions: true }, (setup) => [
      allAtOnce(
        perNode,
        "a node that is not ready counts as down, and on-marked-down shutdown-sessions cuts all its users before it can tell them",
      ),
      ...whereTheyGo(setup),
    ]),
  ];
}

/** A new version is rolled out, node by node. */
export const rollingDeploy = clusterExperiment({
  name: "rolling-deploy",
  group: "state",
  presets: ["standard", "full"],
  title: "A rolling deploy",
  question:
    "Every node is replaced in turn while messages flow. What do a readiness check, a drain and a resume each save, and how often is a user moved?",
  lesson:
    "A drain turns one cut of a whole node into many small ones, so that the other nodes see a trickle of handshakes instead of a burst. It does not save what a user misses in between, which only a resume does, nor state on the node, which is gone either way. Readiness and `on-marked-down shutdown-sessions` together undo the drain: the load balancer cuts the users as soon as the node says that it wants no more. And whoever comes first moves twice, while the last node stays empty until users come anew.",
  follows: ["nodes", "users", "ratePerSecond", "payloadBytes", "brokers", "policy", "protocol"],
  metrics: [
    ...ledgerMetrics,
    ...outageMetrics,
    "acceptedMissingDeliveries",
    "missedShareOfOutage",
    "droppedConnectionsPerUser",
    "usersAwayMax",
    "peakAttemptsPerSecond",
    "connectionsMinPerNode",
    "connectionSpreadRatio",
  ],
  predicts: ["connection"],
  variants,
  sabotage([naive, , resumes]) {
    const { setup, run } = naive!;
    return { cell: { ...resumes!, setup: { ...setup, nodes: 2 }, run }, fails: "acceptedMissingDeliveries" };
  },
});
