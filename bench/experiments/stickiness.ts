import type { ClusterRig } from "../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings, Setup } from "../rigs/cluster/cluster-setup.ts";
import { balancedProtocols, defaultProtocol } from "../targets/balanced-protocols.ts";
import { brokenBy, clusterExperiment, type Variant } from "./cluster/cluster-experiment.ts";
import { comeBack, comeBackMsMax } from "./cluster/coming-back.ts";
import { chanceOf, type Expectation, percent } from "./cluster/expectations.ts";
import { rejoinMeasures, rejoinMetrics, stepsMeasures, stepsMetrics } from "./cluster/ledger-measures.ts";
import { setupOf } from "./cluster/setup.ts";
import { exactly } from "./contract/experiment.ts";

/** Every user comes back so often, so that a share that chance decides can be told from the others. */
const rejoins = 3;
const stepsPerUser = 4;

/** Steps on the connection a user has, then leaving and coming back, all at once. */
async function stepAndComeBack(rig: ClusterRig) {
  const { users, atStart, setup } = rig;
  const { attempts, failedAttempts } = atStart;
  const spread = Object.values(atStart.perNode);
  const steps = await users.step({ times: stepsPerUser, concurrent: 8, timeoutMs: comeBackMsMax });
  const back = await comeBack(rig, rejoins);
  return {
    welcomedAttemptsFraction: attempts > 0 ? (attempts - failedAttempts) / attempts : 0,
    connectionsMaxPerNode: Math.max(0, ...spread),
    connectionsMinPerNode: spread.length < setup.nodes ? 0 : Math.min(...spread),
    ...stepsMeasures(steps),
    ...rejoinMeasures(back),
  };
}

const everyStepFound: Expectation = {
  claim: "lb-state",
  statement:
    "within one connection every message finds the state: the frames of a WebSocket are not balanced one by one",
  formula: "steps found / steps asked = 1",
  metric: "stepsFoundFraction",
  expected: exactly(1),
};

/** Coming back without a cookie is a draw among the nodes. */
function foundByChance({ nodes, users }: Setup, claim: string): Expectation {
  return {
    claim,
    statement: `a user that reconnects finds its state only if chance leads to the same node: about ${percent(1 / nodes)}`,
    formula: `1 / N = 1 / ${nodes}, over ${users * rejoins} reconnects (99.9 % of chance's outcomes)`,
    metric: "rejoinFoundFraction",
    expected: chanceOf(1 / nodes, users, rejoins),
  };
}

function spreadEvenly({ nodes, users, policy }: Setup): Expectation {
  return {
    claim: policy === "leastconn+cookie" ? "lb-leastconn" : "lb-round-robin",
    statement: `${policy === "leastconn+cookie" ? "leastconn" : "round-robin"} gives every node as many new users as any other`,
    formula: `users / N = ${users} / ${nodes}`,
    metric: "connectionsMaxPerNode",
    expected: exactly(users / nodes),
  };
}

const alwaysFound: Expectation = {
  claim: "lb-sticky",
  statement: "the cookie brings every user back to its state",
  formula: "found / reconnects = 1",
  metric: "rejoinFoundFraction",
  expected: exactly(1),
};

/**
 * A request-based connection is many requests, and each must reach the node that knows the connection. Users come one
 * after the other here: of those who come at once, who meets whose turn would be a matter of how they happen to mix.
 */
function followUpsMiss({ nodes }: Setup): Expectation {
  return {
    claim: "lb-state",
    statement:
      "a connection made of requests hardly comes about: each follow-up request must reach the node that answered the first",
    formula: `at most 1 / N = ${percent(1 / nodes)} of attempts, what chance would grant a single follow-up request: taking turns, the next request goes to the next node`,
    metric: "welcomedAttemptsFraction",
    expected: { high: 1 / nodes },
  };
}

const everyAttemptWelcome: Expectation = {
  claim: "lb-sticky",
  statement: "with the cookie every follow-up request reaches its node",
  formula: "welcomed / attempts = 1",
  metric: "welcomedAttemptsFraction",
  expected: exactly(1),
};

/** Protocols whose connection is many requests, and that do not ask by the clock. */
const requestProtocols = balancedProtocols.filter(
  ({ uplink, downlink }) => uplink === "request" && downlink !== "polled",
);

/** Longer than the trial, so that an attempt is a first attempt. */
const noSecondAttempt = { kind: "fixed", delayMs: 60_000 } as const;

function variants(settings: ClusterSettings): Variant[] {
  const variant = (name: string, setup: Setup, expectations: readonly Expectation[]): Variant => ({
    name,
    setup,
    expectations,
    trafficMs: 1000,
    run: stepAndComeBack,
  });
  // Varied below, so that of the command line is not asked.
  const protocol = defaultProtocol.name;
  const balanced = setupOf(settings, { protocol, policy: "round-robin" });
  const sticky = setupOf(settings, { protocol, policy: "leastconn+cookie" });
  const forgetful = setupOf(settings, { protocol, policy: "leastconn+cookie", cookies: "ignored" });
  const overRequests = requestProtocols.flatMap(({ name, title }) => {
    const own = { protocol: name, backoff: noSecondAttempt, mayStayOut: true } as const;
    return [
      variant(`${title}, round-robin`, { ...balanced, ...own, connectConcurrent: 1 }, [followUpsMiss(balanced)]),
      variant(`${title}, sticky`, { ...sticky, ...own }, [everyAttemptWelcome, everyStepFound, alwaysFound]),
    ];
  });
  return [
    variant("round-robin", balanced, [everyStepFound, foundByChance(balanced, "lb-state"), spreadEvenly(balanced)]),
    variant("sticky", sticky, [everyStepFound, alwaysFound, spreadEvenly(sticky)]),
    variant("sticky, cookie ignored", forgetful, [everyStepFound, foundByChance(forgetful, "lb-sticky")]),
    ...overRequests,
  ];
}

/** Where does a user's state go when connections are spread, and what does a sticky cookie change? (S1 to S3) */
export const stickiness = clusterExperiment({
  name: "stickiness",
  group: "state",
  title: "Finding the state again",
  question: "A session's state lives on one node. Who finds it: within a connection, and after a reconnect?",
  lesson:
    "A WebSocket is balanced once, when it is opened; from then on everything it carries reaches the same node. Stickiness is therefore about reconnects, and about protocols whose connection is many requests. A cookie only helps clients that send it back: browsers do, a program does only if it is told to.",
  follows: ["nodes", "users"],
  metrics: [
    "welcomedAttemptsFraction",
    "connectionsMaxPerNode",
    "connectionsMinPerNode",
    ...stepsMetrics,
    ...rejoinMetrics,
  ],
  variants,
  sabotage: (cells) =>
    brokenBy(cells.find(({ variant }) => variant === "sticky")!, { policy: "round-robin" }, "rejoinFoundFraction"),
});
