/** Flags that say that something else than the cluster kept its closed loop from more. */
export const closedLoopCodes = {
  users: "closed-loop-users-full",
  machine: "closed-loop-machine-full",
  load: "closed-loop-underloaded",
} as const;

/** By what delays are longer than the cluster's own, too. */
export const closedLoopDelays: ReadonlySet<string> = new Set([closedLoopCodes.users, closedLoopCodes.machine]);
export const closedLoopRates: ReadonlySet<string> = new Set(Object.values(closedLoopCodes));
