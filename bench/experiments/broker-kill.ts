import { brokerNamed } from "../../servers/cluster/brokers/brokers.ts";
import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import type { Stage } from "../rigs/cluster/stage.ts";
import { everybodyBack, nobodyCut, noSilentLoss, nothingTwice } from "./cluster/expectations.ts";
import { ledgerMeasures, outageMeasures } from "./cluster/ledger-measures.ts";
import { setupOf } from "./cluster/setup.ts";
import { breakAt, markOutages, publishFor } from "./cluster/traffic.ts";
import { type Arm, type Expectation, type Experiment, exactly } from "./contract/experiment.ts";

const faultAfterMs = 500;
/** Between two health checks of a node. */
const checkMs = 1000;
/** Traffic after everything works again. */
const afterwardsMs = 700;

/** Kills the broker, leaves it dead for a while, starts it again, and publishes throughout. */
async function killBroker(stage: Stage, { ratePerSecond, recoveryMsMax }: ClusterSettings, deadMs: number) {
  const broker = stage.broker!;
  let faultNs = 0;
  let awayMs = 0;
  let restartMs = 0;
  const ledger = await publishFor(
    stage,
    { ratePerSecond, durationMs: faultAfterMs + deadMs + 2 * recoveryMsMax + afterwardsMs, settleMsMax: recoveryMsMax },
    async () => {
      await stage.wait(faultAfterMs);
      faultNs = await breakAt(stage, broker.name, "killed", () => broker.kill());
      await stage.wait(deadMs);
      stage.mark("action", broker.name, "started again");
      const startMs = performance.now();
      await stage.unlessFailed(broker.restart());
      restartMs = performance.now() - startMs;
      stage.mark("observation", broker.name, "answers");
      const backNs = await stage.untilBrokerLive();
      stage.mark("observation", "nodes", "every subscription live", backNs);
      awayMs = (backNs - faultNs) / 1e6;
      // Those who were cut off find no node before each has passed two health checks.
      await stage.untilEverybodyIsBack();
      await stage.wait(afterwardsMs);
      await stage.ask("halt", undefined);
    },
  );
  const outages = outageMeasures(await markOutages(stage, faultNs), faultNs);
  return {
    ...ledgerMeasures(ledger),
    ...outages,
    brokerAwayMs: awayMs,
    brokerRestartMs: restartMs,
    brokerRecoveryMs: awayMs - deadMs - restartMs,
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

/** How long the broker is dead; the longer one surely covers a health check, which comes once a second. */
const shortMs = 1000;
const longMs = 1500;

function arms(settings: ClusterSettings): Arm[] {
  const brokers = settings.brokers.filter((broker) => broker !== "none");
  const own = brokers.map((broker): Arm => {
    const setup = setupOf(settings, { broker, shutdownSessions: false });
    const gaps: Expectation = brokerKeeps(broker)
      ? {
          statement: "everything the broker took before it died is there when it is back: no gap",
          formula: "gap notices = 0",
          metric: "gapNotices",
          expected: exactly(0),
        }
      : {
          statement: "the broker has forgotten what it was carrying, so every user is told of a gap",
          formula: `gap notices = users = ${setup.users}`,
          metric: "gapNotices",
          expected: exactly(setup.users),
        };
    return {
      name: broker,
      setup,
      ratePerSecond: settings.ratePerSecond,
      settings: { deadMs: shortMs },
      expectations: [noSilentLoss, nothingTwice, refusedMeanwhile(settings.ratePerSecond), nobodyCut, gaps],
      run: (stage) => killBroker(stage, settings, shortMs),
    };
  });
  if (brokers[0] === undefined) return own;
  const cut = setupOf(settings, {
    broker: brokers.find((broker) => broker !== "memory") ?? brokers[0],
    shutdownSessions: true,
  });
  return [
    ...own,
    {
      name: `${cut.broker}, readiness cuts`,
      setup: cut,
      ratePerSecond: settings.ratePerSecond,
      settings: { deadMs: longMs, shutdownSessions: true },
      expectations: [
        {
          statement: "readiness follows the broker, so all nodes are marked down together and every user is cut off",
          formula: `at least the users, ${cut.users}`,
          metric: "droppedConnections",
          expected: { low: cut.users, high: Number.MAX_SAFE_INTEGER },
        },
        {
          statement: "they are cut off within one interval of the check, since a node says itself that it is not ready",
          formula: `inter = ${checkMs} ms, and half a second of grace for a busy machine`,
          metric: "lastDetectMs",
          expected: { low: 0, high: checkMs + 500 },
        },
        {
          statement:
            "they stay out longer than the broker: a node must pass two checks before users are sent there again",
          formula: `99 % back ≥ dead + one interval between the checks = ${longMs} + ${checkMs} ms; the first may get in for a moment at a node that has not been checked yet`,
          metric: "p99ReconnectedMs",
          expected: { low: longMs + checkMs, high: Number.MAX_SAFE_INTEGER },
        },
        everybodyBack,
      ],
      run: (stage) => killBroker(stage, settings, longMs),
    },
  ];
}

/** Whether a message the broker has taken outlives the broker's process. */
const brokerKeeps = (broker: Parameters<typeof brokerNamed>[0]): boolean =>
  brokerNamed(broker).traits.history && brokerNamed(broker).traits.delivery === "at-least-once";

/** The broker is killed and comes back. (B4, B5, B11 to B13) */
export const brokerKill: Experiment = {
  name: "broker-kill",
  group: "failure",
  title: "The broker is killed under load",
  question:
    "The broker dies for a moment while messages flow. What is lost, is anybody told, and how long does it last?",
  lesson:
    "While the broker is away nothing passes between the nodes, whatever it is. The difference shows afterwards: one that keeps a log hands over everything it had taken, one that does not has forgotten what was on the way, and only a notice makes that a declared loss. And a readiness check that depends on a broker all nodes share turns its outage into an outage of every connection, if the load balancer cuts the sessions of a node that is down.",
  predicts: ["connection"],
  arms,
  broken: (settings) => {
    const all = arms(settings);
    const keeps = all.find(({ setup }) => brokerKeeps(setup.broker))!;
    const forgets = all.find(({ setup }) => !brokerKeeps(setup.broker))!;
    return { ...keeps, setup: forgets.setup, fails: "gapNotices" };
  },
};
