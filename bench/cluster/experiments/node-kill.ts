import type { BrokerName } from "../../../reports/cluster/results.ts";
import { brokerNamed } from "../../../servers/cluster/brokers.ts";
import { everybodyBack, noSilentLoss, nothingMissing, nothingTwice } from "../expectations.ts";
import type { Arm, ClusterSettings, Expectation, Experiment } from "../experiment.ts";
import { ledgerMeasures, outageMeasures } from "../ledger-measures.ts";
import { setupOf } from "../setup.ts";
import type { Stage } from "../stage.ts";
import { breakAt, markOutages, publishFor } from "../traffic.ts";

/** Long enough that every outage lies within the traffic. */
const trafficMs = (settings: ClusterSettings): number => Math.max(2500, settings.durationMs);
/** When the node dies, and for how long it stays away. */
const faultAfterMs = 500;
const awayMs = 700;

/** Users of the other nodes publish, so that what is lost was lost on the way to a recipient. */
async function killUnderLoad(stage: Stage, settings: ClusterSettings) {
  const victim = stage.nodes[0]!;
  let faultNs = 0;
  const ledger = await publishFor(
    stage,
    {
      ratePerSecond: settings.ratePerSecond,
      durationMs: trafficMs(settings),
      publishersOn: stage.nodes.slice(1).map(({ name }) => name),
      settleMsMax: settings.recoveryMsMax,
    },
    async () => {
      await stage.wait(faultAfterMs);
      faultNs = await breakAt(stage, victim.name, "killed", () => victim.kill());
      await stage.untilCut(stage.gathered.perNode[victim.name] ?? 0, faultNs);
      await stage.wait(awayMs);
      stage.mark("action", victim.name, "started again");
      await stage.unlessFailed(victim.start());
      await stage.untilEverybodyIsBack();
    },
  );
  return { ...ledgerMeasures(ledger), ...outageMeasures(await markOutages(stage, faultNs), faultNs) };
}

const somethingLost: Expectation = {
  statement: "who is away misses what is published meanwhile, and nobody tells it what",
  formula: "silent loss ≥ 1",
  metric: "silentLossDeliveries",
  expected: { low: 1, high: Number.MAX_SAFE_INTEGER },
};

const somethingDeclared: Expectation = {
  statement: "the broker keeps nothing, so coming back is answered with a declared gap",
  formula: "declared loss ≥ 1",
  metric: "declaredLossDeliveries",
  expected: { low: 1, high: Number.MAX_SAFE_INTEGER },
};

function arms(settings: ClusterSettings): Arm[] {
  const arm = (broker: BrokerName, resume: boolean, expectations: Expectation[]): Arm => ({
    name: `${broker}, ${resume ? "resume" : "reconnect only"}`,
    // A pause before coming back, so that there is something to miss.
    setup: setupOf(settings, { broker, resume, backoff: { kind: "fixed", delayMs: 200 } }),
    ratePerSecond: settings.ratePerSecond,
    expectations: [everybodyBack, nothingTwice, ...expectations],
    run: (stage) => killUnderLoad(stage, settings),
  });
  const brokers = settings.brokers.filter((broker) => broker !== "none");
  const forgetful = brokers.find((broker) => !brokerNamed(broker).traits.history);
  const keeping = brokers.filter((broker) => brokerNamed(broker).traits.history);
  return [
    ...(keeping[0] === undefined ? [] : [arm(keeping[0], false, [somethingLost])]),
    ...(forgetful === undefined ? [] : [arm(forgetful, true, [noSilentLoss, somethingDeclared])]),
    ...keeping.map((broker) => arm(broker, true, [noSilentLoss, nothingMissing])),
  ];
}

/** A node is killed under load, with users that only reconnect and users that resume. */
export const nodeKill: Experiment = {
  name: "node-kill",
  group: "failure",
  title: "A node is killed under load",
  question: "A node dies while messages flow and comes back. Who is cut off, for how long, and what do its users miss?",
  lesson:
    "A reconnect is not a recovery: what was published in between is gone for the user, silently. A sequence number and a broker that keeps its history turn that into nothing lost; a broker without one can at least say that there is a gap.",
  arms,
  broken: (settings) => {
    const resumes = arms(settings).find(
      ({ name, setup }) => setup.resume && brokerNamed(setup.broker).traits.history && name !== "",
    )!;
    return { ...resumes, setup: { ...resumes.setup, resume: false } };
  },
};
