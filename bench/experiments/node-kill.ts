import type { BrokerName } from "../../results/contract/cluster-results.ts";
import { brokerNamed } from "../../servers/cluster/brokers/brokers.ts";
import type { ClusterSettings, Setup } from "../rigs/cluster/cluster-setup.ts";
import type { Stage } from "../rigs/cluster/stage.ts";
import { everybodyBack, noSilentLoss, nothingMissing, nothingTwice } from "./cluster/expectations.ts";
import { ledgerMeasures, outageMeasures } from "./cluster/ledger-measures.ts";
import { setupOf } from "./cluster/setup.ts";
import { breakAt, markOutages, publishFor } from "./cluster/traffic.ts";
import type { Arm, Expectation, Experiment } from "./contract/experiment.ts";

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
  const outages = await markOutages(stage, faultNs);
  const outMs = outages.reduce((sum, { reconnectedNs = Number.NaN }) => sum + (reconnectedNs - faultNs) / 1e6, 0);
  return {
    ...ledgerMeasures(ledger),
    ...outageMeasures(outages, faultNs),
    missedShareOfOutage: ledger.missingDeliveries / ((settings.ratePerSecond * outMs) / 1000),
  };
}

/** Before a user tries to come back, so that there is something to miss. */
const waitMs = 200;

/** Every user of the node misses at least what is due while it waits. */
function lost(setup: Setup, ratePerSecond: number, metric: string, statement: string): Expectation {
  const perNode = setup.users / setup.nodes;
  const perUser = Math.floor((ratePerSecond * waitMs) / 1000);
  return {
    statement,
    formula: `users / N × rate × wait ≥ ${perNode} × ⌊${ratePerSecond} × ${waitMs / 1000}⌋ = ${perNode * perUser}`,
    metric,
    expected: { low: perNode * perUser, high: Number.MAX_SAFE_INTEGER },
  };
}

/** What is due in a stretch of time is even, so that a user misses at most one more or less, and what was on its way. */
function asMuchAsWasDue(ratePerSecond: number): Expectation {
  const reach = 0.3 + 1000 / (ratePerSecond * waitMs);
  return {
    statement: "a user misses what is published from the failure until it is back, no less and no more",
    formula: `missing / (rate × time away, summed over its users) = 1 ± ${Math.round(reach * 100) / 100}: what was on its way, and one message each`,
    metric: "missedShareOfOutage",
    expected: { low: Math.max(0, 1 - reach), high: 1 + reach },
  };
}

function arms(settings: ClusterSettings): Arm[] {
  const { ratePerSecond } = settings;
  const arm = (broker: BrokerName, resume: boolean, expect: (setup: Setup) => Expectation[]): Arm => {
    const setup = setupOf(settings, { broker, resume, backoff: { kind: "fixed", delayMs: waitMs } });
    return {
      name: `${broker}, ${resume ? "resume" : "reconnect only"}`,
      setup,
      ratePerSecond,
      expectations: [everybodyBack, nothingTwice, ...expect(setup)],
      run: (stage) => killUnderLoad(stage, settings),
    };
  };
  const silent = "who is away misses what is published meanwhile, and nobody tells it what";
  const declared = "the broker keeps nothing, so coming back is answered with a declared gap";
  const brokers = settings.brokers.filter((broker) => broker !== "none");
  const forgetful = brokers.find((broker) => !brokerNamed(broker).traits.history);
  const keeping = brokers.filter((broker) => brokerNamed(broker).traits.history);
  return [
    ...(keeping[0] === undefined
      ? []
      : [
          arm(keeping[0], false, (setup) => [
            lost(setup, ratePerSecond, "silentLossDeliveries", silent),
            asMuchAsWasDue(ratePerSecond),
          ]),
        ]),
    ...(forgetful === undefined
      ? []
      : [
          arm(forgetful, true, (setup) => [
            noSilentLoss,
            lost(setup, ratePerSecond, "declaredLossDeliveries", declared),
            asMuchAsWasDue(ratePerSecond),
          ]),
        ]),
    ...keeping.map((broker) => arm(broker, true, () => [noSilentLoss, nothingMissing])),
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
    const resumes = arms(settings).find(({ setup }) => setup.resume && brokerNamed(setup.broker).traits.history)!;
    return { ...resumes, setup: { ...resumes.setup, resume: false }, fails: "silentLossDeliveries" };
  },
};
