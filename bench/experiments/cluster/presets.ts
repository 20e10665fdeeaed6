import { brokerNamed } from "../../../servers/cluster/brokers/brokers.ts";
import { addressOf, findProgram } from "../../../servers/programs/program.ts";
import { programNamed } from "../../../servers/programs/programs.ts";
import type { ClusterSettings } from "../../rigs/cluster/cluster-setup.ts";
import { defaultProtocol } from "../../targets/balanced-protocols.ts";

/** Those most clusters are built on; the others run when they are asked for. */
const usualBrokers = ["redis", "redis-streams", "nats", "jetstream", "kafka"];

const common = {
  nodes: 3,
  payloadBytes: 256,
  protocol: defaultProtocol.name,
  brokers: usualBrokers,
  recoveryMsMax: 15_000,
};

export const clusterPresets = {
  /** Under five minutes for everything on 2 cores. */
  quick: { ...common, users: 30, ratePerSecond: 100, durationMs: 1000, nodeCounts: [1, 2] },
  /** About half an hour: for a decision. */
  standard: { ...common, users: 90, ratePerSecond: 100, durationMs: 4000, nodeCounts: [1, 2, 4, 8] },
  /** About three hours: for a publication. Users that all node counts divide. */
  full: { ...common, users: 120, ratePerSecond: 100, durationMs: 10_000, nodeCounts: [1, 2, 3, 4, 6, 8] },
} as const satisfies Record<"quick" | "standard" | "full", ClusterSettings>;

/** The brokers of the settings; where the programs of none of them are here, our own too, so that there is something to see. */
export function availableBrokers(settings: ClusterSettings): readonly string[] {
  return settings.brokers.some(isHere) ? settings.brokers : ["memory", ...settings.brokers];
}

function isHere(broker: string): boolean {
  const { component } = brokerNamed(broker).traits;
  if (component === undefined) return true;
  return addressOf(programNamed(component)) !== undefined || findProgram(programNamed(component)) !== undefined;
}

/** Repetitions of every cell of a cluster. */
export const clusterTrials = { quick: 1, standard: 3, full: 7 } as const satisfies Record<
  keyof typeof clusterPresets,
  number
>;
