import type { ClusterRig } from "../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import { balancedAs } from "../targets/balanced-protocols.ts";
import { brokenBy, clusterExperiment, type Variant } from "./cluster/cluster-experiment.ts";
import { type Expectation, percent } from "./cluster/expectations.ts";
import { rejoinMeasures, rejoinMetrics } from "./cluster/ledger-measures.ts";
import { setupOf } from "./cluster/setup.ts";
import { exactly } from "./contract/experiment.ts";

async function addNode(rig: ClusterRig) {
  const added = rig.nodes.at(-1)!;
  await rig.unlessFailed(added.start());
  rig.mark("action", "wirebench", `${added.name} started`);
  await rig.addToProxy(added);
  await rig.wait(300);
  const before = (await rig.users.counts()).perNode[added.name] ?? 0;
  const newcomers = newcomersOf(rig.setup);
  const joined = await rig.users.join(newcomers);
  const after = joined.perNode[added.name] ?? 0;
  rig.mark("action", "users", `${newcomers} newcomers joined`);
  const rejoin = await rig.users.rejoin({ together: false, concurrent: 1, timeoutMs: 5000 });
  return {
    usersMovedToNewNode: before,
    newcomers,
    newcomerShareOfNewNode: (after - before) / newcomers,
    ...rejoinMeasures(rejoin),
  };
}

/** As many as a node has: with leastconn they just fill the new one. */
const newcomersOf = ({ users, nodes }: { users: number; nodes: number }): number => users / nodes;

function variants(settings: ClusterSettings): Variant[] {
  const { nodes } = settings;
  const idle: Expectation = {
    statement: "the users that are there stay where they are: the new node idles",
    formula: "moved = 0",
    metric: "usersMovedToNewNode",
    expected: exactly(0),
  };
  // N+1 nodes take turns, so the new one's share of n newcomers is one of the two whole numbers around n/(N+1).
  const turn = setupOf(settings).users / nodes;
  const [low, high] = [Math.floor(turn / (nodes + 1)) / turn, Math.ceil(turn / (nodes + 1)) / turn];
  const sticky: Variant = {
    name: "leastconn, sticky",
    setup: setupOf(settings, { policy: "leastconn+cookie", spareNodes: 1 }),
    expectations: [
      idle,
      {
        claim: "lb-leastconn",
        statement: "leastconn sends every newcomer to the new node until it is level with the others",
        formula: `newcomers = users / N, so all of them: ${percent(1)}`,
        metric: "newcomerShareOfNewNode",
        expected: exactly(1),
      },
      {
        claim: "lb-sticky",
        statement:
          "a user with a cookie comes back to its old node, so the cluster levels out only as users leave for good",
        formula: "reconnects to the same node / reconnects = 1",
        metric: "sameNodeRejoinFraction",
        expected: exactly(1),
      },
    ],
    trafficMs: 2000,
    run: addNode,
  };
  const roundRobin: Variant = {
    ...sticky,
    name: "round-robin",
    setup: setupOf(settings, { policy: "round-robin", spareNodes: 1 }),
    expectations: [
      idle,
      {
        claim: "lb-round-robin",
        statement: "round-robin gives the new node no more than its turn, full as the others are",
        formula: `${turn} newcomers over N + 1 = ${nodes + 1} nodes: ${percent(low)} to ${percent(high)}`,
        metric: "newcomerShareOfNewNode",
        expected: { low, high },
      },
    ],
  };
  const spared = sparedNewcomers(turn, nodes, turn);
  const slowStart: Variant = {
    ...sticky,
    name: "leastconn, slow start",
    setup: setupOf(settings, { policy: "leastconn+cookie", spareNodes: 1, slowStartMs }),
    settings: { slowStartMs },
    expectations: [
      idle,
      {
        statement: "with slow start the new node begins with a sixteenth of its weight, and is spared the rush",
        formula: `leastconn compares (connections + 1) / weight, and an empty node is first: ${spared} of ${turn} newcomers while the weight is 1/16`,
        metric: "newcomerShareOfNewNode",
        expected: exactly(spared / turn),
      },
    ],
  };
  return [sticky, ...(balancedAs(settings.protocol) === "connection" ? [slowStart, roundRobin] : [])];
}

/** Its first sixteenth is longer than a trial. */
const slowStartMs = 300_000;
/** HAProxy raises the weight of a node that starts in so many steps; the first is one of them (`server_recalc_eweight`). */
const weightSteps = 16;

/** How many of `newcomers` a node with the first step of its weight gets beside N nodes that have `users` each. */
function sparedNewcomers(users: number, nodes: number, newcomers: number): number {
  const old = Array.from({ length: nodes }, () => users);
  let got = 0;
  for (let newcomer = 0; newcomer < newcomers; newcomer++) {
    const least = Math.min(...old);
    // A node without any is always first (`fwlc_queue_srv`).
    if (got === 0 || (got + 1) * weightSteps < least + 1) got++;
    else old[old.indexOf(least)] = least + 1;
  }
  return got;
}

/** A node joins a running cluster. (S6) */
export const scalingOut = clusterExperiment({
  name: "scaling-out",
  group: "state",
  title: "Adding a node",
  question: "A node is added to a full cluster whose users stay connected. When does it get its share?",
  lesson:
    "Long-lived connections do not move by themselves: a new node is empty until users come or come back. leastconn then sends it everybody new, which can be a storm of its own, unless a slow start spares it; a sticky cookie keeps the old users away from it for good.",
  follows: ["nodes", "users", "protocol"],
  metrics: ["usersMovedToNewNode", "newcomers", "newcomerShareOfNewNode", ...rejoinMetrics],
  predicts: ["connection", "stream"],
  variants,
  sabotage: ([sticky]) => brokenBy(sticky!, { policy: "round-robin" }, "newcomerShareOfNewNode"),
});
