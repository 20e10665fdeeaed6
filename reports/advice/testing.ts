/** Results with everything a first screen of a cluster is made of, for tests; every number chosen. */
import type { ExperimentInfo, Results } from "../../results/contract/results.ts";
import { clusterResultsOf, type MadeUpVariant, madeUpVariant } from "../view/testing.ts";

const infoOf = (name: string, group: string): ExperimentInfo => ({ name, group, title: name, question: "How?" });

const experiments: readonly ExperimentInfo[] = [
  infoOf("stickiness", "state"),
  infoOf("policies", "state"),
  infoOf("state-after-kill", "state"),
  infoOf("taking-out", "state"),
  infoOf("broadcast", "broadcast"),
  infoOf("fan-out", "broadcast"),
  infoOf("node-kill", "failure"),
  infoOf("broker-kill", "failure"),
  infoOf("reconnect-storm", "failure"),
];

type Fields = Omit<MadeUpVariant, "scenario" | "variant">;

const variant = (scenario: string, name: string, fields: Fields): MadeUpVariant => ({
  scenario,
  variant: name,
  ...fields,
});

const found = (policy: string, share: number, cookies = "kept"): MadeUpVariant =>
  variant("stickiness", cookies === "kept" ? policy : `${policy}, cookie ignored`, {
    parameters: { policy, settings: { cookies } },
    measures: { rejoinFoundFraction: share, connectionsMaxPerNode: 20, stepsFoundFraction: 1 },
    expected: ["rejoinFoundFraction", share === 1 ? 1 : 0.2, share === 1 ? 1 : 0.5, "the policy"],
  });

const killedState = (state: string, share: number): MadeUpVariant =>
  variant("state-after-kill", `state ${state}`, {
    parameters: { policy: "leastconn+cookie", settings: { state } },
    measures: { foundAfterFaultFraction: share },
  });

const takenOut = (name: string, left: number, foundAgain: number, isTold = false): MadeUpVariant =>
  variant("taking-out", name, {
    parameters: { policy: "leastconn+cookie" },
    measures: { usersOnDrainedNode: left, usersBackOnDrainedNode: 0, foundAfterFaultFraction: foundAgain },
    events: [{ atMs: 1, subject: isTold ? "node-1" : "haproxy", what: "acts", kind: "action" }],
  });

const broadcast = (scenario: string, broker: string, lastUs: number, delivered = 1): MadeUpVariant =>
  variant(scenario, broker, {
    parameters: { broker },
    measures: {
      deliveredFraction: delivered,
      sameNodeDeliveredFraction: 1,
      crossNodeDeliveredFraction: delivered === 1 ? 1 : 0,
      ...(delivered === 1 && { lastRecipientP50Us: lastUs }),
    },
    ...(scenario === "fan-out" && {
      flags: [
        { code: "users-saturated", severity: "warning", cause: "wirebench", message: "the users' process was full" },
      ],
    }),
  });

const away = (broker: string, missed: number): MadeUpVariant =>
  variant("node-kill", `${broker}, resume`, {
    parameters: { broker, settings: { resume: true } },
    measures: {
      missingDeliveries: missed,
      missedShareOfOutage: missed / 500,
      silentLossDeliveries: 0,
      p99ReconnectedMs: 250 + missed / 10,
    },
    events: [{ atMs: 1, subject: "node-1", what: "killed", kind: "fault" }],
  });

const killedBroker = (broker: string, lost: number, cutting = false): MadeUpVariant =>
  variant("broker-kill", cutting ? `${broker}, readiness cuts` : broker, {
    parameters: { broker, settings: { ...(cutting && { shutdownSessions: true }) } },
    measures: {
      acceptedThenLostMessages: lost,
      brokerRecoveryMs: 260,
      brokerRestartMs: 40,
      droppedConnections: cutting ? 60 : 0,
      ...(cutting && { p99ReconnectedMs: 5000 }),
    },
    events: [{ atMs: 1, subject: broker, what: "killed", kind: "fault" }],
  });

const storm = (backoff: string, peak: number): MadeUpVariant =>
  variant("reconnect-storm", backoff, {
    parameters: { settings: { backoff } },
    measures: { peakAttemptsPerSecond: peak },
    events: [{ atMs: 1, subject: "haproxy", what: "killed", kind: "fault" }],
  });

const brokers = ["redis", "redis-streams", "nats", "jetstream", "kafka"] as const;
const keeps = (broker: string): boolean => broker !== "redis" && broker !== "nats";

/** As a run of the default brokers finds it. */
export const decisiveVariants: readonly MadeUpVariant[] = [
  found("round-robin", 0.31),
  found("leastconn+cookie", 1),
  found("leastconn+cookie", 0.28, "ignored"),
  killedState("node", 0),
  killedState("outside", 1),
  takenOut("drain", 20, 1),
  takenOut("drain, and the node moves its users", 0, 0, true),
  broadcast("broadcast", "none", 0, 1 / 3),
  ...brokers.map((broker, index) => broadcast("broadcast", broker, 3000 + 1000 * index)),
  ...brokers.map((broker) => broadcast("fan-out", broker, 9000)),
  ...brokers.map((broker) => away(broker, keeps(broker) ? 0 : 490)),
  ...brokers.map((broker) => killedBroker(broker, 0)),
  killedBroker("redis", 0, true),
  storm("at once", 2000),
  storm("full jitter from 1500 ms to 6000 ms", 100),
];

export const decisiveResults = (variants: readonly MadeUpVariant[] = decisiveVariants): Results =>
  clusterResultsOf(variants.map(madeUpVariant), experiments);

/** With other numbers in one cell, whose others stay. */
export const butFor = (
  scenario: string,
  name: string,
  measures: MadeUpVariant["measures"],
): readonly MadeUpVariant[] => {
  const changed = decisiveVariants.map((made) =>
    made.scenario === scenario && made.variant === name
      ? { ...made, measures: { ...made.measures, ...measures } }
      : made,
  );
  if (changed.every((made, index) => made === decisiveVariants[index])) throw new RangeError(`no cell ${name}`);
  return changed;
};
