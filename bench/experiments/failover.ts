import { nowNs } from "../../protocol/clock.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import type { Measures } from "../../results/metrics/metrics.ts";
import { brokerNamed } from "../../servers/cluster/brokers/brokers.ts";
import { isEnsemble } from "../../servers/programs/ensemble.ts";
import type { EnsembleMember, RunningEnsemble, RunningProgram } from "../../servers/programs/running-program.ts";
import type { ClusterRig } from "../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import { clusterExperiment, type Run, type Variant } from "./cluster/cluster-experiment.ts";
import { defined, ledgerMeasures, ledgerMetrics, outageMeasures, outageMetrics } from "./cluster/ledger-measures.ts";
import { setupOf } from "./cluster/setup.ts";
import { breakAt, markOutages, openLoop } from "./cluster/traffic.ts";
import { type EnsembleFacts, ensembles, factsOf } from "./failover/ensembles.ts";
import { History } from "./failover/history.ts";
import { behindMs, expectationsOf, type Killed, withoutQuorumMs } from "./failover/predictions.ts";
import { NodeWatch, untilOtherLeads, untilWhole } from "./failover/watch.ts";

/** Traffic before the fault, of which everything arrives. */
const faultAfterMs = 1000;
/** Traffic after everything works again, and after everybody is there again. */
const afterwardsMs = 1000;
/** Of the silence, in milliseconds: the time between two messages. */
const stepMs = 10;

/** A single program is an ensemble that has nobody else. */
const ensembleOf = (program: RunningProgram): Pick<RunningEnsemble, "members" | "leader" | "whole" | "sever"> => {
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
  const victims = killed === "majority" ? followers : killed === "follower" ? followers.slice(0, 1) : [first];
  return { ensemble, leader, followers, victims };
}

/** Kills one member for good, sees what follows under load, and then starts it again. */
async function* killOne(
  rig: ClusterRig,
  { ratePerSecond, recoveryMsMax }: ClusterSettings,
  facts: EnsembleFacts,
  killed: Exclude<Killed, "majority">,
) {
  const { ensemble, leader, followers, victims } = await choose(rig, facts, killed);
  const [victim] = victims as [EnsembleMember];
  let faultNs = 0;
  let electedNs: number | undefined;
  let newLeaders = 0;
  let whole: Measures = {};
  await using history = await History.from(rig);
  const watch = new NodeWatch(rig);
  const maxMs = 2 * recoveryMsMax;
  const ledger = yield* openLoop(
    rig,
    { ratePerSecond, durationMs: faultAfterMs + 3 * maxMs, drainMsMax: recoveryMsMax },
    async () => {
      await rig.wait(faultAfterMs);
      if (killed === "leader, followers behind") await leaveBehind(rig, ensemble, victim, followers);
      watch.begin();
      faultNs = await breakAt(rig, victim.name, killed === "follower" ? "killed, it follows" : "killed, it leads", () =>
        victim.kill(),
      );
      for (const follower of killed === "leader, followers behind" ? followers : []) follower.thaw();
      if (killed !== "follower" && facts.election !== undefined) {
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
  const kept = await history.messages(recoveryMsMax);
  return {
    ...(await lossMeasures(rig, faultNs, ledger)),
    ...defined([
      ["leaderElectionMs", electedNs && (electedNs - faultNs) / 1e6],
      ["acceptedNotKeptMessages", kept === undefined ? undefined : Math.max(0, ledger.acceptedMessages - kept)],
      ["deliverySilenceMaxMs", await silenceMaxMs(rig, faultNs)],
    ]),
    ...(facts.election !== undefined && { newLeaders }),
    brokerAwayMs: watch.lastNotLiveNs === undefined ? 0 : Math.max(0, (watch.lastNotLiveNs - faultNs) / 1e6),
    nodeSilenceMaxMs: watch.silenceMaxMs,
    ...whole,
  };
}

/** Frozen, they cannot come back to their leader, and what it writes from then on does not even reach their sockets. */
async function leaveBehind(
  rig: ClusterRig,
  { sever }: Pick<RunningEnsemble, "sever">,
  leader: EnsembleMember,
  followers: readonly EnsembleMember[],
): Promise<void> {
  for (const follower of followers) {
    rig.mark("fault", follower.name, "cut off from its leader");
    follower.freeze();
  }
  await rig.unlessFailed(sever!(leader));
  await rig.wait(behindMs);
}

/** Kills all that follow: the leader lives, and nobody may accept anything. */
async function* killMajority(rig: ClusterRig, { ratePerSecond, recoveryMsMax }: ClusterSettings, facts: EnsembleFacts) {
  const { ensemble, victims } = await choose(rig, facts, "majority");
  yield* openLoop(rig, { name: "before", ratePerSecond, durationMs: faultAfterMs, drainMsMax: recoveryMsMax });
  const faultNs = nowNs();
  for (const { name } of victims) rig.mark("fault", name, "killed, it follows", faultNs);
  await rig.unlessFailed(Promise.all(victims.map((victim) => victim.kill())));
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
      settings: { killed, ...(killed === "leader, followers behind" && { behindMs }), ...timeouts },
      expectations: expectationsOf(setup, facts, ratePerSecond, killed),
      trafficMs:
        killed === "majority"
          ? faultAfterMs + withoutQuorumMs
          : faultAfterMs + (killed !== "follower" ? (election?.highMs ?? 0) : 0) + 2 * afterwardsMs,
      run: (rig) =>
        killed === "majority" ? killMajority(rig, settings, facts) : killOne(rig, settings, facts, killed),
    });
    const { history, durability } = brokerNamed(broker).traits;
    return [
      variant("leader", election === undefined ? "a server killed" : "leader killed"),
      ...(history && durability.acknowledgedBy === 1
        ? [variant("leader, followers behind", "leader killed, its replica behind")]
        : []),
      ...(election === undefined ? [] : [variant("follower", "follower killed")]),
      ...(durability.acknowledgedBy > 1 ? [variant("majority", "two of three killed")] : []),
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
    "acceptedNotKeptMessages",
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
