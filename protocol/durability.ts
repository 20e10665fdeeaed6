/** What becomes of a message that a broker has acknowledged, as data: a broker's process is started with it. */

/**
 * When what a broker was given reaches its disk: later ones protect more. `never`: it has no file. `by the kernel`: it
 * is written before it is acknowledged, and the kernel syncs it when it likes.
 */
export const fsyncPolicies = [
  "never",
  "by the kernel",
  "every 2 minutes",
  "every second",
  "before acknowledging",
] as const;

export type FsyncPolicy = (typeof fsyncPolicies)[number];

export interface Durability {
  readonly fsync: FsyncPolicy;
  /** Processes of the broker that keep a copy of each message, at least 1. */
  readonly replicas: number;
  /** Of those, how many have it when its publisher is told that it was taken. */
  readonly acknowledgedBy: number;
}

/** What every acknowledged message survives: nothing, the death of one of the broker's processes, or of its machine. */
export const survivals = ["nothing", "process", "machine"] as const;

export type Survival = (typeof survivals)[number];

export interface Keeping {
  /** Whether messages are kept at all, so that whoever was away can ask for them. */
  readonly history: boolean;
  readonly durability: Durability;
}

export interface Losses {
  readonly survives: Survival;
  /** One sentence each: what is lost. */
  readonly processKilled: string;
  readonly machineCrashed: string;
}

const nobody = "What was on the way and what was published meanwhile is lost, and nobody can get it back.";
const nothing = "Nothing acknowledged; what was on the way is rejected.";

/** Of a single process that comes back with its files. */
const losses: Readonly<Record<FsyncPolicy, Losses>> = {
  never: {
    survives: "nothing",
    processKilled: "Everything it kept; nodes are told of the gap.",
    machineCrashed: "Everything it kept.",
  },
  "by the kernel": {
    survives: "process",
    processKilled: nothing,
    machineCrashed: "What the kernel had not written yet: with Linux's defaults the last half minute.",
  },
  "every 2 minutes": {
    survives: "process",
    processKilled: nothing,
    machineCrashed: "Up to the last 2 minutes, or what the kernel had not written yet.",
  },
  "every second": {
    survives: "process",
    // Redis holds a write back while a sync is under way, and acknowledges all the same.
    processKilled: "Nothing acknowledged, or the last 2 s of it if the disk was busy.",
    machineCrashed: "Up to the last 2 s.",
  },
  "before acknowledging": { survives: "machine", processKilled: nothing, machineCrashed: nothing },
};

/** Follows from what is promised, so that no sentence can say more than what was started. */
export function lossesOf({ history, durability: { fsync, replicas, acknowledgedBy } }: Keeping): Losses {
  if (!history) return { survives: "nothing", processKilled: nobody, machineCrashed: nobody };
  if (acknowledgedBy > 1) {
    // So many hold at least one of the copies that were there when the publisher was told.
    const kept = `Nothing acknowledged, as long as ${replicas - acknowledgedBy + 1} of ${replicas} survive.`;
    return { survives: "machine", processKilled: kept, machineCrashed: kept };
  }
  if (replicas > 1) {
    const late = "What was acknowledged and had not reached a replica yet.";
    return { survives: "nothing", processKilled: late, machineCrashed: late };
  }
  return losses[fsync];
}
