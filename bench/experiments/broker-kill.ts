import { nowNs } from "../../protocol/clock.ts";
import { brokerNamed } from "../../servers/cluster/brokers/brokers.ts";
import type { ClusterRig } from "../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings, Setup } from "../rigs/cluster/cluster-setup.ts";
import { brokenBy, clusterExperiment, type Variant } from "./cluster/cluster-experiment.ts";
import { type Expectation, everybodyBack, nobodyCut, noSilentLoss, nothingTwice } from "./cluster/expectations.ts";
import { ledgerMeasures, ledgerMetrics, outageMeasures, outageMetrics } from "./cluster/ledger-measures.ts";
import { realBrokers, setupOf } from "./cluster/setup.ts";
import { breakAt, markOutages, openLoop } from "./cluster/traffic.ts";
import { exactly } from "./contract/experiment.ts";

const faultAfterMs = 500;
/** Between two health checks of a node. */
const checkMs = 1000;
/** Traffic after everything works again. */
const afterwardsMs = 700;

/** Kills the broker, leaves it dead for a while, starts it again, and publishes throughout. */
async function* killBroker(rig: ClusterRig, { ratePerSecond, recoveryMsMax }: ClusterSettings, deadMs: number) {
  const broker = rig.broker!;
  let faultNs = 0;
  let awayMs = 0;
  let restartMs = 0;
  let answersNs = 0;
  let backNs = 0;
  const ledger = yield* openLoop(
    rig,
    { ratePerSecond, durationMs: faultAfterMs + deadMs + 2 * recoveryMsMax + afterwardsMs, drainMsMax: recoveryMsMax },
    async () => {
      await rig.wait(faultAfterMs);
      faultNs = await breakAt(rig, broker.name, "killed", () => broker.kill());
      await rig.wait(deadMs);
      rig.mark("action", broker.name, "started again");
      const startMs = performance.now();
      await rig.unlessFailed(broker.restart());
      restartMs = performance.now() - startMs;
      answersNs = nowNs();
      rig.mark("observation", broker.name, "answers", answersNs);
      backNs = await rig.untilBrokerLive();
      rig.mark("observation", "nodes", "every subscription live", backNs);
      awayMs = (backNs - faultNs) / 1e6;
      // Those who were cut off find no node before each has passed two health checks.
      await rig.untilEverybodyIsBack();
      await rig.wait(afterwardsMs);
      rig.users.halt();
    },
  );
  const outages = outageMeasures(await markOutages(rig, faultNs), faultNs);
  return {
    ...ledgerMeasures(ledger),
    ...outages,
    brokerAwayMs: awayMs,
    brokerRestartMs: restartMs,
    brokerRecoveryMs: Math.max(0, backNs - answersNs) / 1e6,
    acceptedMissingDeliveries: ledger.acceptedMissingDeliveries,
    gapNotices: ledger.gapNotices,
    // Who has no connection is refused nothing.
    ...(outages.droppedConnections === 0 && {
      refusedShareOfOutage: ledger.rejectedMessages / ((ratePerSecond * awayMs) / 1000),
    }),
  };
}

/** One message more or less is a matter of when the schedule meets the outage. */
function refusedMeanwhile(ratePerSecond: number): Expectation {
  const one = 1000 / (ratePerSecond * shortMs);
  const [low, high] = [Math.max(0, 0.6 - one), 1.1 + one];
  return {
    statement: "what is published while the broker is away is refused, and the publisher is told",
    formula:
      "rejected / (rate × time away) ≈ 1: at least 0.6, since the last to be back decides the time away; and one message",
    metric: "refusedShareOfOutage",
    expected: { low, high },
  };
}

const nothingAcceptedLost: Expectation = {
  statement: "what the broker has accepted outlives its process",
  formula: "accepted, then lost = 0",
  metric: "acceptedThenLostMessages",
  expected: exactly(0),
};

/** How long the broker is dead; the longer one surely covers a health check, which comes once a second. */
const shortMs = 1000;
const longMs = 1500;

/** What the users are told when the broker is back. */
function gapsOf({ broker, users }: Setup): Expectation {
  return brokerKeeps(broker)
    ? {
        statement: "everything the broker took before it died is there when it is back: no gap",
        formula: "gap notices = 0",
        metric: "gapNotices",
        expected: exactly(0),
      }
    : {
        statement: "the broker has forgotten what it was carrying, so every user is told of a gap",
        formula: `gap notices = users = ${users}`,
        metric: "gapNotices",
        expected: exactly(users),
      };
}

function variants(settings: ClusterSettings): Variant[] {
  const variant = (
    name: string,
    setup: Setup,
    deadMs: number,
    own: Variant["settings"],
    expectations: readonly Expectation[],
  ): Variant => ({
    name,
    setup,
    load: { kind: "open", ratePerSecond: settings.ratePerSecond },
    settings: { deadMs, ...own },
    expectations,
    trafficMs: faultAfterMs + deadMs + 3000 + afterwardsMs,
    run: (rig) => killBroker(rig, settings, deadMs),
  });
  const brokers = realBrokers(settings);
  const own = brokers.map((broker): Variant => {
    const setup = setupOf(settings, { broker, shutdownSessions: false });
    const refused = refusedMeanwhile(settings.ratePerSecond);
    return variant(broker, setup, shortMs, {}, [
      noSilentLoss,
      nothingTwice,
      refused,
      ...(brokerKeeps(broker) ? [nothingAcceptedLost] : []),
      nobodyCut,
      gapsOf(setup),
    ]);
  });
  if (brokers[0] === undefined) return own;
  const broker = brokers.find((name) => name !== "memory") ?? brokers[0];
  const setup = setupOf(settings, { broker, shutdownSessions: true });
  return [
    ...own,
    variant(`${broker}, readiness cuts`, setup, longMs, { shutdownSessions: true }, [
      {
        statement: "readiness follows the broker, so all nodes are marked down together and every user is cut off",
        formula: `at least the users, ${setup.users}`,
        metric: "droppedConnections",
        expected: { low: setup.users },
      },
      {
        statement: "they are cut off within one interval of the check, since a node says itself that it is not ready",
        formula: `inter = ${checkMs} ms, and half a second of grace for a busy machine`,
        metric: "lastDetectMs",
        expected: { high: checkMs + 500 },
      },
      {
        statement:
          "they stay out longer than the broker: a node must pass two checks before users are sent there again",
        formula: `99 % back ≥ dead + one interval between the checks = ${longMs} + ${checkMs} ms; the first may get in for a moment at a node that has not been checked yet`,
        metric: "p99ReconnectedMs",
        expected: { low: longMs + checkMs },
      },
      everybodyBack,
    ]),
  ];
}

/** Whether a message the broker has taken outlives the broker's process. */
function brokerKeeps(broker: string): boolean {
  const { history, delivery } = brokerNamed(broker).traits;
  return history && delivery === "at-least-once";
}

/** The broker is killed and comes back. (B4, B5, B11 to B13) */
export const brokerKill = clusterExperiment({
  name: "broker-kill",
  group: "failure",
  title: "The broker is killed under load",
  question:
    "The broker dies for a moment while messages flow. What is lost, is anybody told, and how long does it last?",
  lesson:
    "While the broker is away nothing passes between the nodes, whatever it is. The difference shows afterwards: one that keeps a log hands over everything it had accepted, one that does not has forgotten what was on the way. What was refused was never promised: how much that is tells how long the broker was away, no more. And a readiness check that depends on a broker all nodes share turns its outage into an outage of every connection, if the load balancer cuts the sessions of a node that is down.",
  follows: ["nodes", "users", "ratePerSecond", "payloadBytes", "brokers", "policy", "protocol"],
  metrics: [
    ...ledgerMetrics,
    ...outageMetrics,
    "brokerAwayMs",
    "brokerRestartMs",
    "brokerRecoveryMs",
    "acceptedMissingDeliveries",
    "gapNotices",
    "refusedShareOfOutage",
  ],
  predicts: ["connection"],
  variants,
  sabotage(cells) {
    const keeps = cells.find(({ setup }) => brokerKeeps(setup.broker))!;
    const forgets = cells.find(({ setup }) => !brokerKeeps(setup.broker))!;
    return brokenBy(keeps, forgets.setup, "gapNotices");
  },
});
