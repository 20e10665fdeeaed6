/** What is predicted when members of a replicated broker die: it follows from what an acknowledgement means, and from time-outs. */
import { brokerNamed } from "../../../servers/cluster/brokers/brokers.ts";
import type { Setup } from "../../rigs/cluster/cluster-setup.ts";
import { type Expectation, nobodyCut, noSilentLoss, nothingTwice } from "../cluster/expectations.ts";
import { exactly } from "../contract/experiment.ts";
import type { EnsembleFacts } from "./ensembles.ts";

/**
 * Which members are killed: who leads, the same after those that follow have been cut off from it for a moment, one that
 * follows, or all that follow, so that the leader has no majority.
 */
export type Killed = "leader" | "leader, followers behind" | "follower" | "majority";

/** How long followers do not hear of what is accepted; shorter than what makes them or their leader count as dead. */
export const behindMs = 500;
/** Traffic that nobody may accept. */
export const withoutQuorumMs = 3000;
/** How far a replica that nobody waits for, or a node that reads, may be behind on one machine that is busy. */
const replicaBehindMs = 250;
/** The last node back behind the first: a try of its link, and the session that it opens. */
const lastNodeBackMs = 250 + 1500;

const noAcceptedLost: Expectation = {
  statement: "nothing that was accepted is lost",
  formula: "accepted, then lost = 0",
  metric: "acceptedThenLostMessages",
  expected: exactly(0),
};

const noGap: Expectation = {
  statement: "everything that was taken is there at the next leader: no gap",
  formula: "gap notices = 0",
  metric: "gapNotices",
  expected: exactly(0),
};

/** At most as many as are published in a time. */
const within = (
  metric: Expectation["metric"],
  ratePerSecond: number,
  ms: number,
  statement: string,
  formula: string,
): Expectation => ({
  statement,
  formula: `at most rate × ${formula} = ${ratePerSecond} × ${ms / 1000} s`,
  metric,
  expected: { low: 0, high: Math.ceil((ratePerSecond * ms) / 1000) },
});

/** Of a broker with a history: what it has in the end, for whoever was away. */
function keptAt({ source }: EnsembleFacts, acknowledgedBy: number, ratePerSecond: number, killed: Killed): Expectation {
  const metric = "acceptedNotKeptMessages";
  if (killed === "leader, followers behind") {
    return {
      statement: "what was accepted while the replica did not hear of it dies with the master",
      formula: `about rate × time cut off = ${ratePerSecond} × ${behindMs / 1000} s, and for what freezing and killing take 0.6 to 1.6 of it: ${source}`,
      metric,
      expected: { low: (0.6 * ratePerSecond * behindMs) / 1000, high: (1.6 * ratePerSecond * behindMs) / 1000 },
    };
  }
  const all = "everything that was accepted is in the history of those that are left";
  if (acknowledgedBy > 1 || killed === "follower") {
    return { statement: all, formula: `accepted - kept = 0: ${source}`, metric, expected: exactly(0) };
  }
  return within(
    metric,
    ratePerSecond,
    replicaBehindMs,
    "what the replica had not heard of is lost",
    "how far it is behind",
  );
}

function lossesOf(setup: Setup, facts: EnsembleFacts, ratePerSecond: number, killed: Killed): Expectation[] {
  const { history, durability } = brokerNamed(setup.broker).traits;
  const { acknowledgedBy } = durability;
  const none = { ...noAcceptedLost, formula: `${noAcceptedLost.formula}: ${facts.source}` };
  const kept = history && killed !== "majority" ? [keptAt(facts, acknowledgedBy, ratePerSecond, killed)] : [];
  if (killed === "follower" || killed === "majority") return [none, noSilentLoss, ...kept];
  if (history && acknowledgedBy > 1) return [none, noSilentLoss, noGap, ...kept];
  const metric = "acceptedThenLostMessages";
  // Nobody can know of a message that died with the only one that had it; most nodes have read it before.
  if (history)
    return [
      within(
        metric,
        ratePerSecond,
        replicaBehindMs,
        "what no node had read yet dies with the master",
        "how far a node is behind",
      ),
      ...kept,
    ];
  return [
    noSilentLoss,
    within(
      metric,
      ratePerSecond,
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

const leaderStays: Expectation = {
  statement: "the leader stays, whoever follows",
  formula: "new leaders = 0",
  metric: "newLeaders",
  expected: exactly(0),
};

const anotherLeads: Expectation = {
  statement: "another member leads",
  formula: "new leaders = 1",
  metric: "newLeaders",
  expected: exactly(1),
};

const nothingAccepted: Expectation = {
  statement: "one of three has no majority: it accepts nothing, though it lives and leads",
  formula: `accepted of rate × ${withoutQuorumMs / 1000} s = 0`,
  metric: "acceptedMessages",
  expected: exactly(0),
};

export function expectationsOf(
  setup: Setup,
  facts: EnsembleFacts,
  ratePerSecond: number,
  killed: Killed,
): Expectation[] {
  const always = [nothingTwice, nobodyCut, ...lossesOf(setup, facts, ratePerSecond, killed)];
  if (killed === "majority") return [...always, nothingAccepted];
  const { election } = facts;
  if (election === undefined) return always;
  if (killed === "follower") return [...always, leaderStays];
  return [
    ...always,
    anotherLeads,
    {
      statement: "it takes the time-outs that tell a dead leader from a slow one",
      formula: election.formula,
      metric: "leaderElectionMs",
      expected: { low: election.lowMs, high: election.highMs },
    },
  ];
}
