import type { ClusterRig } from "../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings, Setup } from "../rigs/cluster/cluster-setup.ts";
import { brokenBy, clusterExperiment, type Variant } from "./cluster/cluster-experiment.ts";
import { everybodyBack } from "./cluster/expectations.ts";
import { outageMeasures, outageMetrics } from "./cluster/ledger-measures.ts";
import { setupOf } from "./cluster/setup.ts";
import { breakAt, markOutages } from "./cluster/traffic.ts";
import { exactly } from "./contract/experiment.ts";

async function killTheStickyNode(rig: ClusterRig) {
  await rig.users.step({ times: 2, concurrent: 8, timeoutMs: 5000 });
  rig.startClock();
  const victim = rig.nodes[0]!;
  const faultNs = await breakAt(rig, victim.name, "killed", () => victim.kill());
  await rig.untilCut(rig.atStart.perNode[victim.name] ?? 0, faultNs);
  await rig.untilEverybodyIsBack();
  return outageMeasures(await markOutages(rig, faultNs), faultNs);
}

function variants(settings: ClusterSettings): Variant[] {
  const variant = (state: Setup["state"], share: 0 | 1, statement: string): Variant => ({
    name: `state ${state === "node" ? "on the node" : "outside"}`,
    setup: setupOf(settings, { policy: "leastconn+cookie", state }),
    expectations: [
      everybodyBack,
      {
        claim: "lb-sticky",
        statement,
        formula: `state found / users of the node = ${share}`,
        metric: "foundAfterFaultFraction",
        expected: exactly(share),
      },
      {
        statement: "only the users of the killed node are cut off",
        formula: "users / N",
        metric: "droppedConnections",
        expected: exactly(setupOf(settings).users / settings.nodes),
      },
    ],
    trafficMs: 1000,
    run: killTheStickyNode,
  });
  return [
    variant("node", 0, "all of them are let in elsewhere, and none finds its state: sticky is not durable"),
    variant("outside", 1, "all of them find their state on another node"),
  ];
}

/** The sticky node dies. (S4) */
export const stateAfterKill = clusterExperiment({
  name: "state-after-kill",
  group: "state",
  title: "The sticky node dies",
  question: "A cookie names a node that is gone. Are its users let in elsewhere, and is their state there?",
  lesson:
    "HAProxy sends a user whose node is down to another one, so availability is kept; the state that lived in the dead process is not. What must outlive a node must not live on it.",
  follows: ["nodes", "balancer", "users", "protocol"],
  metrics: outageMetrics,
  predicts: ["connection", "stream"],
  variants,
  sabotage: ([, outside]) => brokenBy(outside!, { state: "node" }, "foundAfterFaultFraction"),
});
