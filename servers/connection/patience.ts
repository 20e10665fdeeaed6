/** With peers that are not connected between their requests. */

/**
 * How long a peer without a request is waited for, and how often that is looked at. With a heartbeat its last request is two
 * intervals back at most, in the latter of which it was not held.
 */
export function patience(
  idleMs: number,
  everyMs: number | undefined,
  holdMs: number,
): { readonly idleMs: number; readonly sweepMs: number } {
  const sweepMs = Math.max((everyMs ?? idleMs) / 4, 10);
  return everyMs === undefined ? { idleMs, sweepMs } : { idleMs: 2 * everyMs - holdMs - sweepMs, sweepMs };
}

/**
 * Calls `look` at such an interval, for those who have been silent for too long; what has arrived is read before. Not when
 * it is more than an interval late: this process was busy, and for how long others were silent it cannot tell. `nowMs` is
 * the clock.
 */
export function lookRegularly(everyMs: number, look: () => void, nowMs = () => performance.now()): NodeJS.Timeout {
  let lastMs = nowMs();
  const due = (): void => {
    const sinceMs = nowMs() - lastMs;
    lastMs += sinceMs;
    if (sinceMs <= 2 * everyMs) look();
  };
  return setInterval(() => setImmediate(due), everyMs).unref();
}
