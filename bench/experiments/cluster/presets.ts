import { type BrokerName, brokerNames } from "../../../results/contract/cluster-results.ts";
import { brokerNamed } from "../../../servers/cluster/brokers/brokers.ts";
import { addressOf, findProgram } from "../../../servers/programs/program.ts";
import { programNamed } from "../../../servers/programs/programs.ts";
import type { ClusterSettings } from "../../rigs/cluster/cluster-setup.ts";
import { defaultProtocol } from "../../targets/balanced-protocols.ts";

const common = {
  nodes: 3,
  payloadBytes: 256,
  protocol: defaultProtocol.name,
  brokers: brokerNames.filter((name) => name !== "none" && brokerNamed(name).traits.component !== undefined),
  recoveryMsMax: 15_000,
};

/** All users are one process: so many deliveries per second (rate × users) are what it can take and keep its schedule. */
export const crowdDeliveriesPerSecondMax = 24_000;

export const clusterPresets = {
  /** Under five minutes for everything on 2 cores. */
  quick: { ...common, trials: 1, users: 30, ratePerSecond: 100, durationMs: 1000, nodeCounts: [1, 2, 4, 8] },
  /** About half an hour: for a decision. */
  standard: { ...common, trials: 3, users: 90, ratePerSecond: 100, durationMs: 4000, nodeCounts: [1, 2, 4, 8] },
  /** About three hours: for a publication. Users that all node counts divide. */
  full: { ...common, trials: 7, users: 120, ratePerSecond: 100, durationMs: 10_000, nodeCounts: [1, 2, 3, 4, 6, 8] },
} as const satisfies Record<string, ClusterSettings>;

export type ClusterPresetName = keyof typeof clusterPresets;

/** Those of the settings; where the programs of none of them are here, our own too, so that there is something to see. */
export function availableBrokers({ brokers }: ClusterSettings): readonly BrokerName[] {
  return brokers.some(isHere) ? brokers : ["memory", ...brokers];
}

function isHere(broker: BrokerName): boolean {
  const { component } = brokerNamed(broker).traits;
  if (component === undefined) return true;
  return addressOf(programNamed(component)) !== undefined || findProgram(programNamed(component)) !== undefined;
}
