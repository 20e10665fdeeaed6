import { nowNs } from "../../protocol/clock.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import type { Measures } from "../../results/metrics/metrics.ts";
import { brokerNamed } from "../../servers/cluster/brokers/brokers.ts";
import { isEnsemble } from "../../servers/programs/ensemble.ts";
import type { EnsembleMember, RunningEnsemble, RunningProgram } from "../../servers/programs/running-program.ts";
import type { ClusterRig } from "../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings, Setup } from "../rigs/cluster/cluster-setup.ts";
import { clusterExperiment, type Run, type Variant } from "./cluster/cluster-experiment.ts";
import { type Expectation, nobodyCut, noSilentLoss, nothingTwice } from "./cluster/expectations.ts";
import { defined, ledgerMeasures, ledgerMetrics, outageMeasures, outageMetrics } from "./cluster/ledger-measures.ts";
import { setupOf } from "./cluster/setup.ts";
import { breakAt, markOutages, openLoop } from "./cluster/traffic.ts";
import { exactly } from "./contract/experiment.ts";
import { type EnsembleFacts, ensembles, factsOf } from "./failover/ensembles.ts";
import { NodeWatch, untilOtherLeads, untilWhole } from "./failover/watch.ts";

/** Which members are killed: who leads, one that follows, or all that follow, so that the leader has no majority. */
type Killed = "leader" | "follower" | "majority";

/** Traffic before the fault, of which everything arrives. */
const faultAfterMs = 1000;
/** Traffic after everything works again, and after everybody is there again. */
const afterwardsMs = 1000;
/** Traffic that nobody may accept. */
const withoutQuorumMs = 3000;
/** Of the silence, in milliseconds: the time between two messages. */
const stepMs = 10;

/** A single program is an ensemble that has nobody else. */
const ensembleOf = (program: RunningProgram): Pick<RunningEnsemble, "members" | "leader" | "whole"> => {
  if (isEnsemble(program)) return program;
  const only = Object.assign(program, { role: "only" });
  return {
    members: [only],
    leader: async () => (program.pid === undefined ? undefined : only),
    whole: async () => program.pid !== undefined,
  };
};

/** Who is killed, and who leads before. */
async function choose(rig: ClusterRig, facts: EnsembleFacts, killed: Killed) {
  const ensemble = ensembleOf(rig.broker!);
  const { members } = ensemble;
  const leader = await rig.unlessFailed(ensemble.leader(rig.topic));
  if (leader === undefined && facts.election !== undefined) {
    throw new WirebenchError("component-failed", `nobody leads at ${rig.broker!.name}`);
  }
  const followers = members.filter((each) => each !== leader && each.role === leader?.role);
  // Where nobody leads it is the server that the first node is a client of.
  const first = leader ?? members[1 % members.length]!;
  const victims = { leader: [first], follower: followers.slice(0, 1), majority: followers }[killed];
  return { ensemble, leader, victims };
}

/** Kills one member for good, sees what follows under load, and then starts it again. */
async function* killOne(
  rig: ClusterRig,
  { ratePerSecond, recoveryMsMax }: ClusterSettings,
  facts: EnsembleFacts,
  killed: "leader" | "follower",
) {
  const { ensemble, leader, victims } = await choose(rig, facts, killed);
  const [victim] = victims as [EnsembleMember];
  let faultNs = 0;
  let electedNs: number | undefined;
  let newLeaders = 0;
  let whole: Measures = {};
  const watch = new NodeWatch(rig);
  const maxMs = 2 * recoveryMsMax;
  const ledger = yield* openLoop(
    rig,
    { ratePerSecond, durationMs: faultAfterMs + 3 * maxMs, drainMsMax: recoveryMsMax },
    async () => {
      await rig.wait(faultAfterMs);
      faultNs = await breakAt(rig, victim.name, `killed, ${killed}`, () => victim.kill());
      if (killed === "leader" && facts.election !== undefined) {
        const elected = await untilOtherLeads(rig, ensemble, leader!.name, maxMs);
        if (elected !== undefined) {
          electedNs = elected.atNs;
          newLeaders = 1;
          rig.mark("observation", elected.name, "leads", electedNs);
        }
      }
      if (killed === "follower" && (await rig.unlessFailed(ensemble.leader(rig.topic))) !== leader) newLeaders = 1;
      if (await watch.untilWell(faultNs, maxMs)) rig.mark("observation", "nodes", "all hand over messages again");
      await rig.wait(afterwardsMs);
      whole = await startAgain(rig, ensemble, victims, maxMs);
      await rig.wait(afterwardsMs);
      rig.users.halt();
    },
  );
  await watch.stop();
  return {
    ...(await lossMeasures(rig, faultNs, ledger)),
    ...defined([
      ["leaderElectionMs", electedNs && (electedNs - faultNs) / 1e6],
      ["deliverySilenceMaxMs", await silenceMaxMs(rig, faultNs)],
    ]),
    ...(facts.election !== undefined && { newLeaders }),
    brokerAwayMs: watch.lastNotLiveNs === undefined ? 0 : Math.max(0, (watch.lastNotLiveNs - faultNs) / 1e6),
    nodeSilenceMaxMs: watch.silenceMaxMs,
    ...whole,
  };
}

/** Kills all that follow: the leader lives, and nobody may accept anything. */
async function* killMajority(rig: ClusterRig, { ratePerSecond, recoveryMsMax }: ClusterSettings, facts: EnsembleFacts) {
  const { ensemble, victims } = await choose(rig, facts, "majority");
  yield* openLoop(rig, { name: "before", ratePerSecond, durationMs: faultAfterMs, drainMsMax: recoveryMsMax });
  const faultNs = await breakAt(rig, victims.map(({ name }) => name).join(", "), "killed together", async () => {
    await Promise.all(victims.map((victim) => victim.kill()));
  });
  await rig.users.reset();
  const ledger = yield* openLoop(rig, {
    name: "without a majority",
    ratePerSecond,
    durationMs: withoutQuorumMs,
    drainMsMax: recoveryMsMax,
  });
  const losses = await lossMeasures(rig, faultNs, ledger);
  const whole = await startAgain(rig, ensemble, victims, 2 * recoveryMsMax);
  await rig.untilBrokerLive();
  return { ...losses, ...whole };
}

async function startAgain(
  rig: ClusterRig,
  ensemble: Pick<RunningEnsemble, "whole">,
  victims: readonly EnsembleMember[],
  maxMs: number,
): Promise<Measures> {
  const orderedNs = nowNs();
  for (const { name } of victims) rig.mark("action", name, "started again", orderedNs);
  await rig.unlessFailed(Promise.all(victims.map((victim) => victim.restart())));
  const wholeNs = await untilWhole(rig, ensemble, maxMs);
  if (wholeNs !== undefined) rig.mark("observation", rig.broker!.name, "whole again", wholeNs);
  return defined([["ensembleWholeMs", wholeNs && (wholeNs - orderedNs) / 1e6]]);
}

async function lossMeasures(
  rig: ClusterRig,
  faultNs: number,
  ledger: Parameters<typeof ledgerMeasures>[0],
): Promise<Measures> {
  return {
    ...ledgerMeasures(ledger),
    ...outageMeasures(await markOutages(rig, faultNs), faultNs),
    gapNotices: ledger.gapNotices,
  };
}

/** The longest run of empty steps in what arrived after the fault. */
async function silenceMaxMs(rig: ClusterRig, faultNs: number): Promise<number> {
  const { deliveriesPerSecond } = await rig.users.series({ startNs: faultNs, endNs: nowNs(), stepMs });
  const last = deliveriesPerSecond.findLastIndex((rate) => rate > 0);
  let longest = 0;
  let run = 0;
  for (const rate of deliveriesPerSecond.slice(0, last + 1)) {
    run = rate > 0 ? 0 : run + 1;
    longest = Math.max(longest, run);
  }
  return longest * stepMs;
}

const noAcceptedLost: Expectation = {
  statement: "nothing that was accepted is lost",
  formula: "accepted, then lost = 0",
  metric: "acceptedThenLostMessages",
  expected: exactly(0),
};

/** How far a replica that nobody waits for may be behind, and the last node back behind the first, on one machine. */
const replicaBehindMs = 100;
const lastNodeBackMs = 1000;

/** What is predicted of losses: it follows from what an acknowledgement means. */
function lossesOf(setup: Setup, { source }: EnsembleFacts, ratePerSecond: number, killed: Killed): Expectation[] {
  const { history, durability } = brokerNamed(setup.broker).traits;
  const atMost = (ms: number, statement: string, time: string): Expectation => ({
    statement,
    formula: `at most rate × ${time} = ${ratePerSecond} × ${ms / 1000} s: ${source}`,
    metric: "acceptedThenLostMessages",
    expected: { low: 0, high: Math.ceil((ratePerSecond * ms) / 1000) },
  });
  if (killed !== "leader" || (history && durability.acknowledgedBy > 1)) {
    return [{ ...noAcceptedLost, formula: `${noAcceptedLost.formula}: ${source}` }, noSilentLoss];
  }
  // Nobody can know of a message that died with the only one that had it.
  if (history) return [atMost(replicaBehindMs, "what the replica had not heard of is lost", "how far it is behind")];
  return [
    noSilentLoss,
    atMost(
      lastNodeBackMs,
      "what is accepted of one node while another has no subscription is lost for that one's users",
      "time from the first node that is back to the last",
    ),
    {
      statement: "the users of the nodes that lost their server are told of a gap",
      formula: "at least users / N",
      metric: "gapNotices",
      expected: { low: setup.users / setup.nodes },
    },
  ];
}

const noGap: Expectation = {
  statement: "everything that was taken is there at the next leader: no gap",
  formula: "gap notices = 0",
  metric: "gapNotices",
  expected: exactly(0),
};

function expectationsOf(setup: Setup, facts: EnsembleFacts, ratePerSecond: number, killed: Killed): Expectation[] {
  const { election } = facts;
  const always = [nothingTwice, nobodyCut, ...lossesOf(setup, facts, ratePerSecond, killed)];
  if (killed === "majority") {
    return [
      ...always,
      {
        statement: "one of three has no majority: it accepts nothing, though it lives and leads",
        formula: `accepted of rate × ${withoutQuorumMs / 1000} s = 0`,
        metric: "acceptedMessages",
        expected: exactly(0),
      },
    ];
  }
  return [
    ...always,
    ...(killed === "follower" || brokerNamed(setup.broker).traits.durability.acknowledgedBy > 1 ? [noGap] : []),
    ...(election === undefined
      ? []
      : killed === "leader"
        ? ([
            {
              statement: "another member leads",
              formula: "new leaders = 1",
              metric: "newLeaders",
              expected: exactly(1),
            },
            {
              statement: "it takes the time-outs that tell a dead leader from a slow one",
              formula: election.formula,
              metric: "leaderElectionMs",
              expected: { low: election.lowMs, high: election.highMs },
            },
          ] satisfies Expectation[])
        : ([
            {
              statement: "the leader stays, whoever follows",
              formula: "new leaders = 0",
              metric: "newLeaders",
              expected: exactly(0),
            },
          ] satisfies Expectation[])),
  ];
}

function variants(settings: ClusterSettings): Variant[] {
  const { ratePerSecond, brokers } = settings;
  const asked = ensembles.filter(({ broker }) => brokers.includes(broker));
  // Other experiments' brokers are single programs: who asks for none of several gets all of them.
  return (asked.length > 0 ? asked : ensembles).flatMap((facts): Variant[] => {
    const { broker, election, timeouts } = facts;
    const setup = setupOf(settings, { broker, shutdownSessions: false });
    const variant = (killed: Killed, name: string): Variant => ({
      name: `${broker}, ${name}`,
      setup,
      load: { kind: "open", ratePerSecond },
      settings: { killed, ...timeouts },
      expectations: expectationsOf(setup, facts, ratePerSecond, killed),
      trafficMs:
        killed === "majority"
          ? faultAfterMs + withoutQuorumMs
          : faultAfterMs + (killed === "leader" ? (election?.highMs ?? 0) : 0) + 2 * afterwardsMs,
      run: (rig) =>
        killed === "majority" ? killMajority(rig, settings, facts) : killOne(rig, settings, facts, killed),
    });
    return [
      variant("leader", election === undefined ? "a server killed" : "leader killed"),
      ...(election === undefined ? [] : [variant("follower", "follower killed")]),
      ...(brokerNamed(broker).traits.durability.acknowledgedBy > 1 ? [variant("majority", "two of three killed")] : []),
    ];
  });
}

/** One of several processes that are a broker together is killed. */
export const failover = clusterExperiment({
  name: "failover",
  group: "failure",
  title: "The leader of a replicated broker is killed",
  presets: ["standard", "full"],
  question:
    "The broker is several processes, and the one that leads dies under load. What was accepted and is lost, and how long does nobody receive anything?",
  lesson:
    "Replication turns a lost broker into a pause. How long it is follows from time-outs: nobody can tell a dead leader from a slow one before one has passed. What survives follows from what an acknowledgement means: one that a majority stands for outlives any one of them, one that a single process gives does not. And a majority that is gone means that nothing is accepted, which is what one pays for.",
  follows: ["nodes", "users", "ratePerSecond", "payloadBytes", "brokers", "policy", "protocol"],
  metrics: [
    ...ledgerMetrics,
    ...outageMetrics,
    "gapNotices",
    "newLeaders",
    "leaderElectionMs",
    "brokerAwayMs",
    "deliverySilenceMaxMs",
    "nodeSilenceMaxMs",
    "ensembleWholeMs",
  ],
  predicts: ["connection"],
  variants,
  /** Nobody is there to take over, and there is no use in waiting long for that. */
  sabotage(cells) {
    const cell = cells.find(
      ({ setup, parameters }) => factsOf(setup.broker)?.election && parameters.settings?.killed === "leader",
    )!;
    const run: Run = (rig) =>
      killOne(rig, { ...cell.settings, recoveryMsMax: 300 }, factsOf(cell.setup.broker)!, "leader");
    return { cell: { ...cell, setup: { ...cell.setup, broker: "redis-streams" }, run }, fails: "newLeaders" };
  },
});
