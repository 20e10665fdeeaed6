import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import type { Stage } from "../rigs/cluster/stage.ts";
import { foundMeasures, outageMeasures } from "./cluster/ledger-measures.ts";
import { setupOf } from "./cluster/setup.ts";
import { breakAt, markOutages } from "./cluster/traffic.ts";
import { type Arm, type Expectation, type Experiment, exactly } from "./contract/experiment.ts";

type Way = "drain" | "maint" | "moving";

/** Enough to watch, short enough for a quick run. */
const movedPerSecond = 50;

/** Takes the first node out of service, then lets everybody leave and come back. */
async function takeOut(stage: Stage, way: Way) {
  const leaving = stage.nodes[0]!;
  const state = way === "maint" ? "maint" : "drain";
  const takenNs = await breakAt(stage, "haproxy", `${leaving.name} set to ${state}`, () =>
    stage.proxy.setState(leaving.name, state),
  );
  if (way === "moving") {
    stage.mark("action", leaving.name, "tells its users to move, one by one");
    await stage.unlessFailed(leaving.call("drain", { perSecond: movedPerSecond }, 30_000));
  }
  const cuts = way === "moving" || (way === "maint" && stage.setup.shutdownSessions);
  if (cuts) await stage.untilCut(stage.gathered.perNode[leaving.name] ?? 0, takenNs);
  // Nothing to wait for but time where nothing is to happen.
  else await stage.wait(300);
  await stage.untilEverybodyIsBack();
  const outages = await markOutages(stage, takenNs);
  const onIt = (await stage.ask("counts", undefined)).perNode[leaving.name] ?? 0;
  const { droppedConnections = 0, reconnectedFraction } = outageMeasures(outages, takenNs);
  const rejoin = await stage.ask("rejoin", { together: true, concurrent: 8, timeoutMs: 5000 }, 60_000);
  return {
    droppedConnections,
    ...(reconnectedFraction !== undefined && { reconnectedFraction }),
    usersOnDrainedNode: onIt,
    usersBackOnDrainedNode: rejoin.perNode[leaving.name] ?? 0,
    ...foundMeasures("rejoin", rejoin),
  };
}

function arms(settings: ClusterSettings): Arm[] {
  const perNode = setupOf(settings).users / settings.nodes;
  const users = (metric: string, count: number, statement: string, formula: string): Expectation => ({
    statement,
    formula,
    metric,
    expected: exactly(count),
  });
  const arm = (name: string, way: Way, shutdownSessions: boolean, expectations: Expectation[]): Arm => ({
    name,
    setup: setupOf(settings, { policy: "sticky", shutdownSessions }),
    settings: { shutdownSessions },
    expectations,
    run: (stage) => takeOut(stage, way),
  });
  const stayOpen = users("droppedConnections", 0, "connections that are open stay open", "dropped = 0");
  const comeBack = users(
    "usersBackOnDrainedNode",
    perNode,
    "who comes back with the cookie is let in again: drain alone never empties a sticky node",
    `users / N = ${perNode}`,
  );
  const stayAway = users("usersBackOnDrainedNode", 0, "who comes back goes to another node", "back on it = 0");
  const allCut = users("droppedConnections", perNode, "maint cuts the node's users at once", `users / N = ${perNode}`);
  return [
    arm("drain", "drain", true, [stayOpen, comeBack]),
    arm("maint, shutdown-sessions", "maint", true, [allCut, stayAway]),
    arm("maint", "maint", false, [stayOpen, stayAway]),
    arm("drain, and the node moves its users", "moving", true, [
      users(
        "droppedConnections",
        perNode,
        "the node closes its users' connections one by one",
        `users / N = ${perNode}`,
      ),
      users("usersOnDrainedNode", 0, "none is left on it, since they were told to forget their cookie", "left = 0"),
      stayAway,
    ]),
  ];
}

/** Drain against maintenance. (S5, B19; haproxy issue 2894) */
export const takingOut: Experiment = {
  name: "taking-out",
  group: "state",
  title: "Taking a node out",
  question: "A node is to be taken out of a sticky cluster: drain or maintenance, and what becomes of its users?",
  lesson:
    "Drain lets nobody new in, but HAProxy still honours the cookie, so the node's own users return for ever. Maintenance sends them elsewhere, and with `on-marked-down shutdown-sessions` also cuts them at once. The gentle way is a word from the application: users are told to move, in an order and at a pace that the other nodes can take.",
  predicts: ["connection", "stream"],
  arms,
  broken: (settings) => {
    const maint = arms(settings)[2]!;
    return { ...maint, setup: { ...maint.setup, shutdownSessions: true }, fails: "droppedConnections" };
  },
};
