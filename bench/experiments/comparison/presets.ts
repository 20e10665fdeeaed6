/** How long and how much, by the name of a preset. */
import type { PresetName, TrafficSettings } from "../contract/request.ts";

interface Preset {
  readonly trials: number;
  readonly settings: TrafficSettings;
}

const common = {
  workers: 1,
  client: "lean",
  payloadBytes: 256,
  payloadKind: "text",
  arrivals: "constant",
  rampUpMs: 100,
  drainMs: 2000,
  inFlight: 16,
  objective: { percentile: 99, delayUsMax: 50_000 },
} as const;

/** Of `wirebench run`; those of a cluster are the cluster's own. */
export const presets = {
  /** About two minutes for everything on 2 cores: for a first look and for teaching. */
  quick: {
    trials: 5,
    settings: {
      ...common,
      connections: 16,
      ratePerSecond: 2000,
      warmupMs: 300,
      rampUpMs: 30,
      durationMs: 240,
      turns: 3,
      idleConnections: 2000,
      idleMs: 500,
      idleTrialsMax: 1,
    },
  },
  /** For a decision. */
  standard: {
    trials: 7,
    settings: {
      ...common,
      connections: 50,
      ratePerSecond: 2000,
      warmupMs: 1000,
      durationMs: 5000,
      turns: 9,
      idleConnections: 2000,
      idleMs: 10_000,
      idleTrialsMax: 3,
    },
  },
  /** For a publication. */
  full: {
    trials: 15,
    settings: {
      ...common,
      connections: 100,
      ratePerSecond: 5000,
      warmupMs: 2000,
      durationMs: 15_000,
      turns: 15,
      idleConnections: 4000,
      idleMs: 30_000,
      idleTrialsMax: 5,
    },
  },
} as const satisfies Record<PresetName, Preset>;
