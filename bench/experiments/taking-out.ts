import type { MetricName } from "../../results/metrics/metrics.ts";
import type { ClusterRig } from "../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import { brokenBy, clusterExperiment, type Variant } from "./cluster/cluster-experiment.ts";
import { type Expectation, percent } from "./cluster/expectations.ts";
import { outageMeasures, rejoinMeasures, rejoinMetrics } from "./cluster/ledger-measures.ts";
import { setupOf } from "./cluster/setup.ts";
import { breakAt, markOutages } from "./cluster/traffic.ts";
import { exactly } from "./contract/experiment.ts";

type Way = "drain" | "maint" | "moving";

/** Enough to watch, short enough for a quick run. */
const movedPerSecond = 50;

/**
 * Takes the first node out of service, then lets everybody leave and come back. Whose connection ended has come back once
 * by then: what it found is what became of its state. Of the others the return that follows is the first.
 */
async function takeOut(rig: ClusterRig, way: Way) {
  const leaving = rig.nodes[0]!;
  const state = way === "maint" ? "maint" : "drain";
  const takenNs = await breakAt(rig, "haproxy", `${leaving.name} set to ${state}`, () =>
    rig.proxy.setState(leaving.name, state),
  );
  if (way === "moving") {
    rig.mark("action", leaving.name, "tells its users to move, one by one");
    await rig.unlessFailed(leaving.call("drain", { perSecond: movedPerSecond }, 30_000));
  }
  const cuts = way === "moving" || (way === "maint" && rig.setup.shutdownSessions);
  if (cuts) await rig.untilCut(rig.atStart.perNode[leaving.name] ?? 0, takenNs);
  // Nothing to wait for but time where nothing is to happen.
  else await rig.wait(300);
  await rig.untilEverybodyIsBack();
  const outages = await markOutages(rig, takenNs);
  const onIt = (await rig.users.counts()).perNode[leaving.name] ?? 0;
  const { droppedConnections = 0, reconnectedFraction, foundAfterFaultFraction } = outageMeasures(outages, takenNs);
  const rejoin = await rig.users.rejoin({ together: true, concurrent: 8, timeoutMs: 5000 });
  return {
    droppedConnections,
    ...(reconnectedFraction !== undefined && { reconnectedFraction }),
    ...(foundAfterFaultFraction !== undefined && { foundAfterFaultFraction }),
    usersOnDrainedNode: onIt,
    usersBackOnDrainedNode: rejoin.perNode[leaving.name] ?? 0,
    ...(droppedConnections === 0 && rejoinMeasures(rejoin)),
  };
}

function variants(settings: ClusterSettings): Variant[] {
  const perNode = setupOf(settings).users / settings.nodes;
  const users = (metric: MetricName, count: number, statement: string, formula: string): Expectation => ({
    statement,
    formula,
    metric,
    expected: exactly(count),
  });
  const variant = (name: string, way: Way, shutdownSessions: boolean, expectations: Expectation[]): Variant => ({
    name,
    setup: setupOf(settings, { policy: "leastconn+cookie", shutdownSessions }),
    settings: { shutdownSessions },
    expectations,
    trafficMs: way === "moving" ? 1000 + (perNode * 1000) / movedPerSecond : 1000,
    run: (rig) => takeOut(rig, way),
  });
  const shareFound = (
    metric: "foundAfterFaultFraction" | "rejoinFoundFraction",
    share: number,
    statement: string,
    formula: string,
  ): Expectation => ({ statement, formula, metric, expected: exactly(share) });
  const stateLost = shareFound(
    "foundAfterFaultFraction",
    0,
    "who comes back from the node finds its state nowhere: that stayed on the node",
    "found at the first return = 0",
  );
  const stayOpen = users("droppedConnections", 0, "connections that are open stay open", "dropped = 0");
  const comeBack = users(
    "usersBackOnDrainedNode",
    perNode,
    "users that reconnect with the cookie are let in again: drain alone never empties a sticky node",
    `users / N = ${perNode}`,
  );
  const stayAway = users("usersBackOnDrainedNode", 0, "users that reconnect go to another node", "back on it = 0");
  const allCut = users("droppedConnections", perNode, "maint cuts the node's users at once", `users / N = ${perNode}`);
  return [
    variant("drain", "drain", true, [
      stayOpen,
      comeBack,
      shareFound("rejoinFoundFraction", 1, "whoever comes back finds its state", "found at the first return = 1"),
    ]),
    variant("maint, shutdown-sessions", "maint", true, [allCut, stateLost, stayAway]),
    variant("maint", "maint", false, [
      stayOpen,
      stayAway,
      shareFound(
        "rejoinFoundFraction",
        (setupOf(settings).users - perNode) / setupOf(settings).users,
        "of those who come back, the node's own users find no state",
        `found at the first return = 1 - 1/N = ${percent(1 - 1 / settings.nodes)}`,
      ),
    ]),
    variant("drain, and the node moves its users", "moving", true, [
      users(
        "droppedConnections",
        perNode,
        "the node closes its users' connections one by one",
        `users / N = ${perNode}`,
      ),
      stateLost,
      users("usersOnDrainedNode", 0, "none is left on it, since they were told to forget their cookie", "left = 0"),
      stayAway,
    ]),
  ];
}

/** Drain against maintenance. (S5, B19; haproxy issue 2894) */
export const takingOut = clusterExperiment({
  name: "taking-out",
  group: "state",
  title: "Taking a node out",
  question: "A node is to be taken out of a sticky cluster: drain or maintenance, and what becomes of its users?",
  lesson:
    "Drain lets nobody new in, but HAProxy still honours the cookie, so the node's own users keep coming back. Maintenance sends them elsewhere, and with `on-marked-down shutdown-sessions` also cuts them at once. The graceful way is a word from the application: users are told to move, in an order and at a pace that the other nodes can take. None of it brings their state along: what lies on a node is lost with it, unless it is kept elsewhere.",
  follows: ["nodes", "users", "protocol"],
  metrics: [
    "droppedConnections",
    "reconnectedFraction",
    "foundAfterFaultFraction",
    "usersOnDrainedNode",
    "usersBackOnDrainedNode",
    ...rejoinMetrics,
  ],
  predicts: ["connection", "stream"],
  variants,
  sabotage: ([, , maint]) => brokenBy(maint!, { shutdownSessions: true }, "droppedConnections"),
});
