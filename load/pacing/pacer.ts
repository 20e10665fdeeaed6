import type { Timeline } from "../../protocol/clock.ts";
import { seededRandom } from "../../protocol/random.ts";

export const arrivalKinds = ["constant", "poisson"] as const;
export type Arrivals = (typeof arrivalKinds)[number];

export interface Schedule {
  /** When the schedule begins, on the host's monotonic clock. */
  readonly startNs: number;
  /** No message is due at or after this. */
  readonly endNs: number;
  /** Mean rate. */
  readonly ratePerSecond: number;
  /** Evenly spaced from the start on, or with exponential gaps, as independent users arrive. */
  readonly arrivals: Arrivals;
  /** Decides the gaps of Poisson arrivals. */
  readonly seed: number;
}

/** A late pacer sends everything that is due, but reads its sockets after each batch of this many. */
const batchMax = 256;

/**
 * Follows an absolute schedule: a late message is still sent, at once, and none is skipped, so a slow target cannot
 * slow the load down (open loop). Calls `due` once per message, in order, and `done` when the schedule is over. The
 * returned function stops it early; `done` is then not called.
 *
 * Messages further apart than the timeline's pacing period are each sent at their own time; of denser ones those that
 * fell due since the last turn are sent together, late by up to a period, so that waking up costs the same at any rate.
 */
export function pace(
  timeline: Timeline,
  schedule: Schedule,
  due: (index: number, scheduledNs: number) => void,
  done: () => void,
): () => void {
  const { startNs, endNs } = schedule;
  const times = dueTimesNs(schedule);
  let next = times.next();
  let index = 0;
  let turnNs = startNs;
  let stopped = false;

  /** A late turn moves those after it no further than to what is due next. */
  function turnAt(dueNs: number): void {
    turnNs = Math.max(dueNs, turnNs + timeline.pacingPeriodNs);
    timeline.at(Math.min(turnNs, endNs), turn);
  }

  function turn(): void {
    if (stopped) return;
    const now = timeline.nowNs();
    for (let batch = 0; !next.done && batch < batchMax && next.value <= now; batch++) {
      due(index++, next.value);
      next = times.next();
    }
    if (!next.done && next.value <= now) timeline.at(now, turn);
    else if (!next.done) turnAt(next.value);
    else if (now < endNs) timeline.at(endNs, turn);
    else done();
  }
  timeline.at(startNs, turn);
  return () => {
    stopped = true;
  };
}

/** When each message is due, in order. */
export function* dueTimesNs({ startNs, endNs, ratePerSecond, arrivals, seed }: Schedule): Generator<number, void> {
  const gapNs = 1e9 / ratePerSecond;
  if (arrivals === "constant") {
    // Counted ahead, and each from the start, so that rounding neither adds up nor adds a message.
    const count = Math.ceil((endNs - startNs) / gapNs - 1e-9);
    for (let index = 0; index < count; index++) yield startNs + index * gapNs;
    return;
  }
  const random = seededRandom(seed);
  for (let atNs = startNs; ; ) {
    atNs -= Math.log(1 - random()) * gapNs;
    if (atNs >= endNs) return;
    yield atNs;
  }
}
