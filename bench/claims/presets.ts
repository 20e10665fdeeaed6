/** How long and how much, so that all claims fit the time that a reader has. */
import { clusterPresets, clusterTrials } from "../experiments/cluster/presets.ts";
import { presets } from "../experiments/comparison/presets.ts";
import type { TrafficSettings } from "../experiments/contract/request.ts";
import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";

export interface ClaimPreset {
  /** Of every cell; those of a cluster have as many as its own preset. */
  readonly trials: number;
  readonly clusterTrials: number;
  /** Of cells that are asked for counts. */
  readonly countTrials: number;
  readonly traffic: TrafficSettings;
  /** In its place for applications as traffic. */
  readonly profiled: Partial<TrafficSettings>;
  readonly cluster: ClusterSettings;
}

const { quick, standard } = presets;

export const claimPresets = {
  /** About ten minutes for all on 2 cores: three trials are the fewest with an interval. */
  quick: {
    trials: 3,
    clusterTrials: clusterTrials.quick,
    countTrials: 1,
    traffic: { ...quick.settings, idleTrialsMax: 3 },
    profiled: { connections: 24, warmupMs: 120, durationMs: 400, idleMs: 250 },
    cluster: clusterPresets.quick,
  },
  /** About an hour: for a decision. */
  standard: {
    trials: standard.trials,
    clusterTrials: clusterTrials.standard,
    countTrials: standard.trials,
    traffic: standard.settings,
    profiled: { connections: 50, idleTrialsMax: 3 },
    cluster: clusterPresets.standard,
  },
} as const satisfies Record<string, ClaimPreset>;

export type ClaimPresetName = keyof typeof claimPresets;
