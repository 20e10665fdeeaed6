import { keepsUsers, type Policy, partsOf } from "../../protocol/policies.ts";
import { balancers } from "../../servers/cluster/balancers/balancers.ts";
import type { ClusterRig } from "../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings, Setup } from "../rigs/cluster/cluster-setup.ts";
import { defaultProtocol } from "../targets/balanced-protocols.ts";
import { brokenBy, clusterExperiment, type Variant } from "./cluster/cluster-experiment.ts";
import { comeBack } from "./cluster/coming-back.ts";
import { chanceOf, type Expectation, percent } from "./cluster/expectations.ts";
import { rejoinMeasures, rejoinMetrics } from "./cluster/ledger-measures.ts";
import { setupOf } from "./cluster/setup.ts";
import { exactly } from "./contract/experiment.ts";

/** Everybody comes back so often, so that a share that chance decides can be told from the others. */
const rejoins = 3;

async function spreadAndComeBack(rig: ClusterRig) {
  const perNode = rig.nodes.map(({ name }) => rig.atStart.perNode[name] ?? 0);
  const back = await comeBack(rig, rejoins);
  await rig.unlessFailed(rig.proxy.reload());
  rig.mark("action", "load balancer", "reloaded");
  const reloaded = await comeBack(rig, rejoins);
  return {
    connectionsMaxPerNode: Math.max(...perNode),
    connectionsMinPerNode: Math.min(...perNode),
    ...rejoinMeasures(back),
    foundAfterReloadFraction: reloaded.found / reloaded.asked,
    unansweredAfterReloadFraction: reloaded.failed / reloaded.asked,
  };
}

/** Whether users are hashed by something that differs between them. */
function spreadsByHash({ balancer, policy, knownBy }: Setup): boolean {
  const { balance } = partsOf(policy);
  return balance === "consistent-hash" || (balance === "source" && knownBy === "address" && balancer !== "nginx");
}

function spreadOf(setup: Setup): Expectation {
  const { users, nodes, policy, knownBy } = setup;
  const { balance } = partsOf(policy);
  if (spreadsByHash(setup)) {
    return {
      statement: "a hash spreads users as chance would: every node gets some, and some get more than others",
      formula: `at least one each: no node is left out but with N (1 - 1/N)^users = ${(nodes * (1 - 1 / nodes) ** users).toPrecision(1)}`,
      metric: "connectionsMinPerNode",
      expected: { low: 1 },
    };
  }
  if (balance === "source") {
    return {
      statement:
        knownBy === "address"
          ? "nginx hashes the first three numbers of an IPv4 address, so neighbours share a node"
          : "everybody behind one address shares a node",
      formula: `all ${users} on one of ${nodes} nodes`,
      metric: "connectionsMaxPerNode",
      expected: exactly(users),
    };
  }
  return {
    claim: balance === "leastconn" ? "lb-leastconn" : "lb-round-robin",
    statement: `${balance} gives every node as many new users as any other`,
    formula: `users / N = ${users} / ${nodes}`,
    metric: "connectionsMaxPerNode",
    expected: exactly(users / nodes),
  };
}

function returnOf({ policy, users, nodes }: Setup): Expectation {
  const metric = "rejoinFoundFraction";
  if (keepsUsers(policy)) {
    return {
      claim: "lb-sticky",
      statement: `${policy} brings every user back to its state`,
      formula: "found / reconnects = 1",
      metric,
      expected: exactly(1),
    };
  }
  return {
    claim: "lb-state",
    statement: `a user that reconnects finds its state only if chance leads to the same node: about ${percent(1 / nodes)}`,
    formula: `1 / N = 1 / ${nodes}, over ${users * rejoins} reconnects (99.9 % of chance's outcomes)`,
    metric,
    expected: chanceOf(1 / nodes, users, rejoins),
  };
}

/** After a reload everybody comes back so often, and only the first time depends on what was forgotten. */
function returnAfterReload({ policy, users, nodes }: Setup): Expectation {
  const metric = "foundAfterReloadFraction";
  if (partsOf(policy).persistence === "stick-table") {
    const first = chanceOf(1 / nodes, users, 1);
    const share = (found: number): number => (found + rejoins - 1) / rejoins;
    return {
      statement:
        "a reload forgets the stick table: whoever comes back then is a stranger once, and known again after that",
      formula: `(1 / N + ${rejoins - 1}) / ${rejoins} of ${rejoins} returns each (99.9 % of chance's outcomes of the first)`,
      metric,
      expected: { low: share(first.low), high: share(first.high) },
    };
  }
  if (keepsUsers(policy)) {
    return {
      statement: `${policy} needs no memory of the load balancer: a reload changes nothing`,
      formula: "found / reconnects after the reload = 1",
      metric,
      expected: exactly(1),
    };
  }
  return { ...returnOf({ policy, users, nodes } as Setup), metric };
}

function variants(settings: ClusterSettings): Variant[] {
  const variant = (name: string, own: Partial<Setup> & { policy: Policy; balancer: Setup["balancer"] }): Variant => {
    const setup = setupOf(settings, { protocol: defaultProtocol.name, ...own });
    return {
      name,
      setup,
      settings: {
        balancer: own.balancer,
        ...(own.knownBy === "address" && { addresses: "one for each user" }),
      },
      expectations: [spreadOf(setup), returnOf(setup), returnAfterReload(setup)],
      trafficMs: 2000,
      run: spreadAndComeBack,
    };
  };
  return balancers.flatMap(({ name: balancer, title, policies }) =>
    policies.flatMap((policy) => [
      variant(`${title}, ${policy}`, { balancer, policy }),
      ...(policy === "source"
        ? [variant(`${title}, ${policy}, own addresses`, { balancer, policy, knownBy: "address" } as const)]
        : []),
    ]),
  );
}

/** Every usual way to spread users and to know them again, with each load balancer that has it. */
export const policies = clusterExperiment({
  name: "policies",
  group: "state",
  title: "Policies of load balancers",
  question:
    "Which policy spreads new users evenly, brings those who come back to their state, and still does after a reload?",
  lesson:
    "A balance chooses a node for a stranger, persistence recognises an acquaintance. Round-robin and leastconn spread best and recognise nobody. A hash recognises without remembering, but spreads by chance, and by source address it takes all who share one for a single user. A cookie is remembered by the user, so it survives the load balancer; a stick table is remembered by the load balancer, and dies with its process.",
  presets: ["standard", "full"],
  follows: ["nodes", "users"],
  metrics: [
    "connectionsMaxPerNode",
    "connectionsMinPerNode",
    ...rejoinMetrics,
    "foundAfterReloadFraction",
    "unansweredAfterReloadFraction",
  ],
  variants,
  sabotage: (cells) =>
    brokenBy(
      cells.find(({ setup }) => setup.policy === "leastconn+cookie")!,
      { policy: "leastconn" },
      "rejoinFoundFraction",
    ),
});
