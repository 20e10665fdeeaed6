/** From what the user asked for to the list of cells: all of it decided, and checked, before anything starts. */

import type { Arrivals } from "../../load/pacing/pacer.ts";
import { defaultLimits } from "../../protocol/contract.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import { type PayloadKind, payloadBytesMin } from "../../protocol/messages/message.ts";
import type { CellIdentity, Load, Parameters } from "../../results/contract/results.ts";
import type { Scenario } from "../experiments/contract/scenario.ts";
import { protocolNamed } from "../targets/protocols.ts";
import type { Target } from "../targets/target.ts";

/** What a preset sets and an option overrides. */
export interface RunSettings {
  trials: number;
  connections: number;
  workers: number;
  payloadBytes: number;
  payloadKind: PayloadKind;
  ratePerSecond: number;
  arrivals: Arrivals;
  inFlight: number;
  warmupMs: number;
  settleMs: number;
  durationMs: number;
  drainMs: number;
  pollIntervalMs: number;
  /** Most connections that rest at once, and how long they are watched then. */
  idleConnections: number;
  idleMs: number;
}

const common = {
  workers: 1,
  payloadBytes: 256,
  payloadKind: "text",
  arrivals: "constant",
  settleMs: 100,
  drainMs: 2000,
  pollIntervalMs: 100,
} as const;

export const presets = {
  /** Under two minutes for everything on 2 cores: for a first look and for teaching. */
  quick: {
    ...common,
    trials: 3,
    connections: 16,
    ratePerSecond: 2000,
    inFlight: 16,
    warmupMs: 150,
    durationMs: 300,
    idleConnections: 250,
    idleMs: 500,
  },
  /** About 25 minutes for everything: for a decision. */
  standard: {
    ...common,
    trials: 7,
    connections: 50,
    ratePerSecond: 2000,
    inFlight: 16,
    warmupMs: 1000,
    durationMs: 5000,
    idleConnections: 500,
    idleMs: 10_000,
  },
  /** About two hours for everything: for a publication. */
  full: {
    ...common,
    trials: 15,
    connections: 100,
    ratePerSecond: 5000,
    inFlight: 16,
    warmupMs: 2000,
    durationMs: 15_000,
    idleConnections: 500,
    idleMs: 30_000,
  },
} as const satisfies Record<string, RunSettings>;

export type PresetName = keyof typeof presets;

/** One combination of target, scenario and parameters, measured once per trial. */
export interface CellPlan {
  readonly target: Target;
  readonly scenario: Scenario;
  readonly identity: CellIdentity;
}

/** Every scenario on every target. Throws `usage` for settings that contradict each other. */
export function planCells(
  targets: readonly Target[],
  scenarios: readonly Scenario[],
  settings: RunSettings,
): CellPlan[] {
  if (settings.payloadBytes < payloadBytesMin) {
    const why = "every message carries its sequence number and its schedule";
    throw new WirebenchError(
      "usage",
      `expected a payload of at least ${payloadBytesMin}B (${why}), got ${settings.payloadBytes}B`,
    );
  }
  if (settings.payloadBytes > defaultLimits.payloadBytesMax) {
    throw new WirebenchError(
      "usage",
      `expected a payload of at most ${defaultLimits.payloadBytesMax}B, got ${settings.payloadBytes}B`,
    );
  }
  if (settings.workers > settings.connections) {
    throw new WirebenchError("usage", `${settings.workers} workers cannot share ${settings.connections} connections`);
  }
  const { idleConnections } = settings;
  if (idleConnections < stepsMin || idleConnections > defaultLimits.connectionsMax) {
    const range = `from ${stepsMin} to ${defaultLimits.connectionsMax}`;
    throw new WirebenchError("usage", `expected ${range} idle connections, got ${idleConnections}`);
  }
  return scenarios.flatMap((scenario) =>
    targets.map((target) => ({
      target,
      scenario,
      identity: {
        target: target.label,
        protocol: target.protocol,
        scenario: scenario.name,
        parameters: cellParameters(target, scenario, settings),
      },
    })),
  );
}

function cellParameters(target: Target, scenario: Scenario, settings: RunSettings): Parameters {
  const { trials: _, ratePerSecond, arrivals, inFlight, pollIntervalMs, idleConnections, idleMs, ...given } = settings;
  const shared = scenario.loadKind === "none" ? resting(given, idleConnections, idleMs) : given;
  const load: Load | undefined = {
    open: { kind: "open", ratePerSecond, arrivals } as const,
    closed: { kind: "closed", inFlight } as const,
    none: undefined,
  }[scenario.loadKind];
  const parameters = { ...shared, ...(load && { load }) };
  const polled = protocolNamed(target.protocol).server.traits.downlink === "polled";
  if (!polled) return parameters;
  return {
    ...parameters,
    pollIntervalMs,
    // A window shorter than a few polls would see their rhythm instead of a rate.
    settleMs: Math.max(shared.settleMs, 2 * pollIntervalMs),
    durationMs: Math.max(shared.durationMs, 4 * pollIntervalMs),
    drainMs: Math.max(shared.drainMs, 4 * pollIntervalMs),
  };
}

/** Users who only stay: one load generator is enough for any number. */
const resting = <Shared extends object>(shared: Shared, connections: number, durationMs: number) => ({
  ...shared,
  connections,
  connectionSteps: connectionSteps(connections),
  workers: 1,
  warmupMs: 0,
  durationMs,
});

/** A line through fewer points hardly shows whether it is one. */
const stepsMin = 5;
const stepsMax = 10;
const connectionsPerStep = 50;

/** Even steps up to `connections`. Not from 0: what a server sets up for its first user it does not for the next. */
function connectionSteps(connections: number): number[] {
  const count = Math.min(stepsMax, Math.max(stepsMin, Math.round(connections / connectionsPerStep)));
  return Array.from({ length: count }, (_, index) => Math.round((connections * (index + 1)) / count));
}

/** So many cells whose trials need no quiet machine share it at a time. */
export const sideBySideMax = 6;

/**
 * How long one trial's traffic takes if nothing is slow; the wait for stragglers and the processes come on top. Of a
 * trial that shares its time with others, its part.
 */
export function trafficMs({ scenario, identity: { parameters } }: CellPlan): number {
  const { load, connectionSteps: steps = [], settleMs, durationMs, warmupMs } = parameters;
  if (scenario.loadKind === "none" || load === undefined) {
    return (steps.length * settleMs + durationMs) / sideBySideMax;
  }
  return warmupMs + scenario.windows(load).length * (settleMs + durationMs);
}
