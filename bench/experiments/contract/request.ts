/** What a run is asked for: targets, and how much load for how long. Presets fill it, options change it. */
import type { Load } from "../../../load/flows/traffic.ts";
import { type ClientKind, defaultLimits } from "../../../protocol/contract.ts";
import { WirebenchError } from "../../../protocol/errors.ts";
import { type PayloadKind, payloadBytesMin } from "../../../protocol/messages/message.ts";
import type { LinkConditions } from "../../../results/contract/link.ts";
import type { Profile } from "../../../results/contract/profile.ts";
import type { ClusterSettings } from "../../rigs/cluster/cluster-setup.ts";
import type { Target } from "../../targets/target.ts";

/** From a look to a publication. */
export type PresetName = "quick" | "standard" | "full";

type OpenLoad = Extract<Load, { kind: "open" }>;

/** A percentile of the delay from the schedule, and what it must not exceed. */
export interface Objective {
  /** From 1 to 99.99. */
  readonly percentile: number;
  readonly delayUsMax: number;
}

/** Of experiments that compare targets. */
export interface TrafficSettings {
  readonly connections: number;
  /** Load-generator processes that share the connections and the rate. */
  readonly workers: number;
  /** Where a protocol has both. */
  readonly client: ClientKind;
  readonly payloadBytes: number;
  readonly payloadKind: PayloadKind;
  /** Of open loops, over all connections. */
  readonly ratePerSecond: number;
  readonly arrivals: NonNullable<OpenLoad["arrivals"]>;
  /** Of closed loops, unanswered messages per connection. */
  readonly inFlight: number;
  readonly warmupMs: number;
  /** Traffic of each window before it is timed. */
  readonly rampUpMs: number;
  /** Measured time of a cell in one trial. */
  readonly durationMs: number;
  /** In how many turns that time is taken. */
  readonly turns: number;
  /** Longest wait for what is still on the way. */
  readonly drainMs: number;
  /** Most idle connections at once, and how long they are watched then. */
  readonly idleConnections: number;
  readonly idleMs: number;
  /** No more trials of them than so many, since they take long and agree well. */
  readonly idleTrialsMax: number;
  /** Between users and server. Absent: loopback. */
  readonly link?: LinkConditions;
  /** What a capacity search holds. */
  readonly objective: Objective;
}

export interface RunRequest {
  /** The first is the reference. */
  readonly targets: readonly Target[];
  readonly traffic: TrafficSettings;
  readonly cluster: ClusterSettings;
  /** An application as traffic. Absent: what ships as `chat`. */
  readonly profile?: Profile;
}

/** A setting by its name, e.g. of the option that gives it. */
export type SettingName = keyof TrafficSettings | keyof ClusterSettings;

/** Throws `usage` for a payload that no message can have. */
export function checkPayload({ payloadBytes }: Pick<TrafficSettings, "payloadBytes">): void {
  const { payloadBytesMax } = defaultLimits;
  if (payloadBytes < payloadBytesMin) {
    const why = "every message carries its sequence number and its schedule";
    throw new WirebenchError(
      "usage",
      `expected a payload of at least ${payloadBytesMin}B (${why}), got ${payloadBytes}B`,
    );
  }
  if (payloadBytes > payloadBytesMax) {
    throw new WirebenchError("usage", `expected a payload of at most ${payloadBytesMax}B, got ${payloadBytes}B`);
  }
}
