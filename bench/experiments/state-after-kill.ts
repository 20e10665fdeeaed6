import type { ClusterSettings, Setup } from "../rigs/cluster/cluster-setup.ts";
import type { Stage } from "../rigs/cluster/stage.ts";
import { everybodyBack } from "./cluster/expectations.ts";
import { outageMeasures } from "./cluster/ledger-measures.ts";
import { setupOf } from "./cluster/setup.ts";
import { breakAt, markOutages } from "./cluster/traffic.ts";
import { type Arm, type Experiment, exactly } from "./contract/experiment.ts";

async function killTheStickyNode(stage: Stage) {
  await stage.ask("step", { times: 2, concurrent: 8, timeoutMs: 5000 }, 60_000);
  stage.startClock();
  const victim = stage.nodes[0]!;
  const faultNs = await breakAt(stage, victim.name, "killed", () => victim.kill());
  await stage.untilCut(stage.gathered.perNode[victim.name] ?? 0, faultNs);
  await stage.untilEverybodyIsBack();
  return outageMeasures(await markOutages(stage, faultNs), faultNs);
}

function arms(settings: ClusterSettings): Arm[] {
  const arm = (state: Setup["state"], share: 0 | 1, statement: string): Arm => ({
    name: `state ${state === "node" ? "on the node" : "outside"}`,
    setup: setupOf(settings, { policy: "sticky", state }),
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
    run: killTheStickyNode,
  });
  return [
    arm("node", 0, "all of them are let in elsewhere, and none finds its state: sticky is not durable"),
    arm("outside", 1, "all of them find their state on another node"),
  ];
}

/** The sticky node dies. (S4) */
export const stateAfterKill: Experiment = {
  name: "state-after-kill",
  group: "state",
  title: "The sticky node dies",
  question: "A cookie names a node that is gone. Are its users let in elsewhere, and is their state there?",
  lesson:
    "HAProxy sends a user whose node is down to another one, so availability is kept; the state that lived in the dead process is not. What must outlive a node must not live on it.",
  predicts: ["connection", "stream"],
  arms,
  broken: (settings) => {
    const outside = arms(settings)[1]!;
    return { ...outside, setup: { ...outside.setup, state: "node" }, fails: "foundAfterFaultFraction" };
  },
};
