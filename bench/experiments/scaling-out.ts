import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import type { Stage } from "../rigs/cluster/stage.ts";
import { balancedAs } from "../targets/balanced-protocols.ts";
import { percent } from "./cluster/expectations.ts";
import { foundMeasures } from "./cluster/ledger-measures.ts";
import { setupOf } from "./cluster/setup.ts";
import { type Arm, type Experiment, exactly } from "./contract/experiment.ts";

async function addNode(stage: Stage) {
  const added = stage.nodes.at(-1)!;
  await stage.unlessFailed(added.start());
  stage.mark("action", "wirebench", `${added.name} started`);
  await stage.addToProxy(added);
  await stage.wait(300);
  const before = (await stage.ask("counts", undefined)).perNode[added.name] ?? 0;
  const newcomers = newcomersOf(stage.setup);
  const joined = await stage.ask("join", { users: newcomers });
  const after = joined.perNode[added.name] ?? 0;
  stage.mark("action", "users", `${newcomers} newcomers joined`);
  const rejoin = await stage.ask("rejoin", { together: false, concurrent: 1, timeoutMs: 5000 }, 60_000);
  return {
    usersMovedToNewNode: before,
    newcomers,
    newcomerShareOfNewNode: (after - before) / newcomers,
    ...foundMeasures("rejoin", rejoin),
  };
}

/** As many as a node has: with leastconn they just fill the new one. */
const newcomersOf = ({ users, nodes }: { users: number; nodes: number }): number => users / nodes;

function arms(settings: ClusterSettings): Arm[] {
  const { nodes } = settings;
  const idle = {
    statement: "the users that are there stay where they are: the new node idles",
    formula: "moved = 0",
    metric: "usersMovedToNewNode",
    expected: exactly(0),
  };
  // N+1 nodes take turns, so the new one's share of n newcomers is one of the two whole numbers around n/(N+1).
  const turn = setupOf(settings).users / nodes;
  const [low, high] = [Math.floor(turn / (nodes + 1)) / turn, Math.ceil(turn / (nodes + 1)) / turn];
  const roundRobin: Arm = {
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
    run: addNode,
  };
  return [
    {
      name: "leastconn, sticky",
      setup: setupOf(settings, { policy: "sticky", spareNodes: 1 }),
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
          statement: "who has a cookie comes back to the old node, so the cluster levels only as users leave for good",
          formula: "returns to the same node / returns = 1",
          metric: "sameNodeRejoinFraction",
          expected: exactly(1),
        },
      ],
      run: addNode,
    },
    ...(balancedAs(settings.protocol) === "connection" ? [roundRobin] : []),
  ];
}

/** A node joins a running cluster. (S6) */
export const scalingOut: Experiment = {
  name: "scaling-out",
  group: "state",
  title: "Adding a node",
  question: "A node is added to a full cluster whose users stay connected. When does it get its share?",
  lesson:
    "Long connections do not move by themselves: a new node is empty until users come or come back. leastconn then gives it everybody new, which can be a storm of its own; a sticky cookie keeps the old users away from it for good.",
  predicts: ["connection", "stream"],
  arms,
  broken: (settings) => {
    const sticky = arms(settings)[0]!;
    return { ...sticky, setup: { ...sticky.setup, policy: "round-robin" }, fails: "newcomerShareOfNewNode" };
  },
};
