import type { Timeline } from "../clock.ts";

export interface Schedule {
  /** When message 0 is due, on the host's monotonic clock. */
  startNs: number;
  /** No message is due at or after this. */
  endNs: number;
  ratePerSecond: number;
}

/** A late pacer sends everything that is due, but reads its sockets after each batch of this many. */
const batchMax = 256;

/**
 * Follows an absolute schedule, message i at `startNs + i / rate`: a late message is still sent, at once, and none is
 * skipped, so a slow target cannot slow the load down (open loop). Calls `due` once per message, in order, and
 * `done` when the schedule is over. The returned function stops it early; `done` is then not called.
 */
export function pace(
  timeline: Timeline,
  schedule: Schedule,
  due: (index: number, scheduledNs: number) => void,
  done: () => void,
): () => void {
  const { startNs, endNs, ratePerSecond } = schedule;
  const count = messagesDue(schedule);
  const dueNs = (index: number): number => startNs + (index * 1e9) / ratePerSecond;
  let index = 0;
  let stopped = false;

  function turn(): void {
    if (stopped) return;
    const now = timeline.nowNs();
    for (let batch = 0; index < count && batch < batchMax && dueNs(index) <= now; batch++, index++) {
      due(index, dueNs(index));
    }
    if (index < count) timeline.at(dueNs(index), turn);
    else if (now < endNs) timeline.at(endNs, turn);
    else done();
  }
  timeline.at(startNs, turn);
  return () => {
    stopped = true;
  };
}

/** How many messages a schedule holds. */
export const messagesDue = ({ startNs, endNs, ratePerSecond }: Schedule): number =>
  Math.max(0, Math.ceil(((endNs - startNs) * ratePerSecond) / 1e9 - 1e-9));
