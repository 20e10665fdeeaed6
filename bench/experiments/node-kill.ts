import type { MetricName } from "../../results/metrics/metrics.ts";
import type { ClusterRig } from "../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings, Setup } from "../rigs/cluster/cluster-setup.ts";
import { brokenBy, clusterExperiment, type Variant } from "./cluster/cluster-experiment.ts";
import { type Expectation, everybodyBack, noSilentLoss, nothingMissing, nothingTwice } from "./cluster/expectations.ts";
import { ledgerMeasures, ledgerMetrics, outageMeasures, outageMetrics } from "./cluster/ledger-measures.ts";
import { hasHistory, realBrokers, setupOf } from "./cluster/setup.ts";
import { breakAt, markOutages, missedMeasures, openLoop } from "./cluster/traffic.ts";

/** Long enough that every outage lies within the traffic. */
const durationOf = (settings: ClusterSettings): number => Math.max(2500, settings.durationMs);
/** When the node dies, and for how long it stays away. */
const faultAfterMs = 500;
const awayMs = 700;

/** Users of the other nodes publish, so that what is lost was lost on the way to a recipient. */
async function* killUnderLoad(rig: ClusterRig, settings: ClusterSettings) {
  const { ratePerSecond } = settings;
  const victim = rig.nodes[0]!;
  let faultNs = 0;
  const ledger = yield* openLoop(
    rig,
    {
      ratePerSecond,
      durationMs: durationOf(settings),
      publishersOn: rig.nodes.slice(1).map(({ name }) => name),
      drainMsMax: settings.recoveryMsMax,
    },
    async () => {
      await rig.wait(faultAfterMs);
      faultNs = await breakAt(rig, victim.name, "killed", () => victim.kill());
      await rig.untilCut(rig.atStart.perNode[victim.name] ?? 0, faultNs);
      await rig.wait(awayMs);
      rig.mark("action", victim.name, "started again");
      await rig.unlessFailed(victim.start());
      await rig.untilEverybodyIsBack();
    },
  );
  const outages = await markOutages(rig, faultNs);
  return {
    ...ledgerMeasures(ledger),
    ...outageMeasures(outages, faultNs),
    ...(await missedMeasures(rig, outages, faultNs)),
  };
}

/** Before a user tries to come back, so that there is something to miss. */
const waitMs = 200;

/** Every user of the node misses at least what is due while it waits. */
function lost(setup: Setup, ratePerSecond: number, metric: MetricName, statement: string): Expectation {
  const perNode = setup.users / setup.nodes;
  const perUser = Math.floor((ratePerSecond * waitMs) / 1000);
  return {
    statement,
    formula: `users / N × rate × wait ≥ ${perNode} × ⌊${ratePerSecond} × ${waitMs / 1000}⌋ = ${perNode * perUser}`,
    metric,
    expected: { low: perNode * perUser },
  };
}

/** A message that was sent in the moment in which its user came back may reach it. */
function asMuchAsWasDue(ratePerSecond: number): Expectation {
  const reach = 0.1 + 1000 / (ratePerSecond * waitMs);
  return {
    statement: "a user misses what is published from the failure until it is back, no less and no more",
    formula: `missing of what was sent from the failure until each was back = 1, less one message each and a tenth: ≥ ${Math.round((1 - reach) * 100) / 100}`,
    metric: "missedShareOfOutage",
    expected: { low: Math.max(0, 1 - reach) },
  };
}

function variants(settings: ClusterSettings): Variant[] {
  const { ratePerSecond } = settings;
  const durationMs = durationOf(settings);
  const variant = (broker: string, resume: boolean, expect: (setup: Setup) => Expectation[]): Variant => {
    const setup = setupOf(settings, { broker, resume, backoff: { kind: "fixed", delayMs: waitMs } });
    return {
      name: `${broker}, ${resume ? "resume" : "reconnect only"}`,
      setup,
      load: { kind: "open", ratePerSecond },
      durationMs,
      expectations: [everybodyBack, nothingTwice, ...expect(setup)],
      trafficMs: durationMs + 1000,
      run: (rig) => killUnderLoad(rig, settings),
    };
  };
  const silent = "a user that is away misses what is published meanwhile, and nobody tells it what";
  const declared = "the broker keeps nothing, so a resume is answered with a declared gap";
  const brokers = realBrokers(settings);
  const forgetful = brokers.filter((broker) => !hasHistory(broker));
  const keeping = brokers.filter(hasHistory);
  return [
    ...keeping
      .slice(0, 1)
      .map((broker) =>
        variant(broker, false, (setup) => [
          lost(setup, ratePerSecond, "silentLossDeliveries", silent),
          asMuchAsWasDue(ratePerSecond),
        ]),
      ),
    ...forgetful.map((broker) =>
      variant(broker, true, (setup) => [
        noSilentLoss,
        lost(setup, ratePerSecond, "declaredLossDeliveries", declared),
        asMuchAsWasDue(ratePerSecond),
      ]),
    ),
    ...keeping.map((broker) => variant(broker, true, () => [noSilentLoss, nothingMissing])),
  ];
}

/** A node is killed under load, with users that only reconnect and users that resume. */
export const nodeKill = clusterExperiment({
  name: "node-kill",
  group: "failure",
  title: "A node is killed under load",
  question: "A node dies while messages flow and comes back. Who is cut off, for how long, and what do its users miss?",
  lesson:
    "A reconnect is not a recovery: what was published in between is gone for the user, silently. A sequence number and a broker that keeps its history turn that into nothing lost; a broker without one can at least say that there is a gap.",
  follows: [
    "nodes",
    "balancer",
    "users",
    "ratePerSecond",
    "payloadBytes",
    "durationMs",
    "brokers",
    "policy",
    "protocol",
  ],
  metrics: [...ledgerMetrics, ...outageMetrics, "missedShareOfOutage"],
  variants,
  sabotage: (cells) =>
    brokenBy(
      cells.find(({ setup }) => setup.resume && hasHistory(setup.broker))!,
      { resume: false },
      "silentLossDeliveries",
    ),
});
