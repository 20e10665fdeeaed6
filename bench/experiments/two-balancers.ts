import { type Policy, partsOf } from "../../protocol/policies.ts";
import type { ClusterRig } from "../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import { brokenBy, clusterExperiment, type Variant } from "./cluster/cluster-experiment.ts";
import { chanceOf, type Expectation, everybodyBack } from "./cluster/expectations.ts";
import { ledgerMeasures, ledgerMetrics, outageMeasures, outageMetrics } from "./cluster/ledger-measures.ts";
import { anyBroker, evenUsers, setupOf } from "./cluster/setup.ts";
import { breakAt, markOutages, openLoop } from "./cluster/traffic.ts";
import { exactly } from "./contract/experiment.ts";

const balancers = 2;
const faultAfterMs = 400;
const afterwardsMs = 500;

/** One of the load balancers is killed and stays dead; its users know the address of the other. */
async function* loseOne(rig: ClusterRig, { ratePerSecond, recoveryMsMax }: ClusterSettings) {
  const { users } = rig.setup;
  const lost = rig.proxies.at(-1)!;
  const connections = rig.nodes.map(({ name }) => rig.atStart.perNode[name] ?? 0);
  let faultNs = 0;
  const durationMs = faultAfterMs + 2 * recoveryMsMax + afterwardsMs;
  const ledger = yield* openLoop(rig, { ratePerSecond, durationMs, drainMsMax: recoveryMsMax }, async () => {
    await rig.wait(faultAfterMs);
    faultNs = await breakAt(rig, rig.setup.balancer, `one of ${balancers} killed`, () => lost.kill());
    await rig.untilCut(users / balancers, faultNs);
    await rig.untilEverybodyIsBack();
    await rig.wait(afterwardsMs);
    rig.users.halt();
  });
  return {
    ...ledgerMeasures(ledger),
    ...outageMeasures(await markOutages(rig, faultNs), faultNs),
    connectionsMinPerNode: Math.min(...connections),
    connectionsMaxPerNode: Math.max(...connections),
  };
}

/** Whether the other load balancer brings a user back to its node. */
function found(policy: Policy, users: number, nodes: number): Expectation {
  if (partsOf(policy).persistence === "cookie") {
    return {
      statement: "the cookie names the node, so it works through either load balancer: everybody finds its state",
      formula: "found after the fault = 1",
      metric: "foundAfterFaultFraction",
      expected: exactly(1),
    };
  }
  return {
    statement:
      "what one load balancer remembered, the other has never known: users are spread anew, and find their node by chance",
    formula: `1 / N = 1 / ${nodes}, within what chance does in 999 of 1000 runs`,
    metric: "foundAfterFaultFraction",
    expected: chanceOf(1 / nodes, users / balancers, 1),
  };
}

function variants(settings: ClusterSettings): Variant[] {
  const { nodes, ratePerSecond } = settings;
  // A remainder of one user on each load balancer, so that it can be seen whether they give it to the same node.
  const users = evenUsers(settings.users, balancers * nodes) + balancers;
  const even = users / nodes;
  const own = Math.ceil(users / balancers / nodes);
  const variant = (policy: Policy): Variant => ({
    name: policy,
    setup: setupOf(settings, { policy, balancers, users, broker: anyBroker(settings) }),
    load: { kind: "open", ratePerSecond },
    settings: { balancers },
    expectations: [
      {
        statement: "half of the users came through it, and all of them are cut off",
        formula: `users / 2 = ${users / balancers}`,
        metric: "droppedConnections",
        expected: exactly(users / balancers),
      },
      everybodyBack,
      found(policy, users, nodes),
      {
        statement:
          "each counts only its own connections, so each spreads its own evenly: together they are off by one user each at most",
        formula: `⌈users / N⌉ to 2 × ⌈users / 2 / N⌉ = ${Math.ceil(even)} to ${balancers * own} on the fullest node`,
        metric: "connectionsMaxPerNode",
        expected: { low: Math.ceil(even), high: balancers * own },
      },
    ],
    trafficMs: faultAfterMs + 1000 + afterwardsMs,
    run: (rig) => loseOne(rig, settings),
  });
  return [variant("leastconn+cookie"), variant("leastconn+stick-table")];
}

/** Two load balancers in front of the same nodes, of which one dies. */
export const twoBalancers = clusterExperiment({
  name: "two-balancers",
  group: "failure",
  presets: ["standard", "full"],
  title: "Two load balancers",
  question:
    "Two load balancers that do not know each other stand in front of the same nodes, and one dies. Do its users come back to where they were?",
  lesson:
    "A second load balancer makes the first one's death survivable, for users who know both addresses: a name with two addresses, or an address that moves. A cookie carries what must be remembered in the user's hands, so any load balancer can read it. What a load balancer remembers itself (a stick table, its counts of connections) is its own; HAProxy can share a table through a `peers` section, and must be told to.",
  follows: ["nodes", "users", "ratePerSecond", "payloadBytes", "brokers", "protocol"],
  metrics: [...ledgerMetrics, ...outageMetrics, "connectionsMinPerNode", "connectionsMaxPerNode"],
  predicts: ["connection"],
  variants,
  sabotage: ([cookie]) => brokenBy(cookie!, { cookies: "ignored" }, "foundAfterFaultFraction"),
});
