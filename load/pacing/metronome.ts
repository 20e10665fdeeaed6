/**
 * Sub-millisecond waiting in spite of the event loop's 1 ms timers. A worker thread sleeps on a futex, which is
 * precise to some 50 us, and wakes this thread as early as its wake-ups take; the little that is left is polled for. So a
 * process that follows a schedule is on time, and yet sleeps most of it: one that polled all the time would be the first
 * the kernel preempts on a busy machine, for whole time slices of several milliseconds.
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { nowNs, type Timeline } from "../../protocol/clock.ts";
import { siblingModule } from "../../protocol/sibling-module.ts";
import { Lead } from "./lead.ts";

/**
 * A wake-up across threads costs up to 100 us of CPU time, so this bounds it by about a tenth of one core on every core
 * that there is: 500 us on two cores, 125 us on eight.
 */
const pacingPeriodNs = 1e6 / availableParallelism();

/** What both threads share: the number of the latest order, and when to wake. */
export interface MetronomeMemory {
  order: Int32Array<SharedArrayBuffer>;
  wakeNs: Float64Array<SharedArrayBuffer>;
}

const lead = new Lead();

class Metronome {
  readonly #memory: MetronomeMemory = {
    order: new Int32Array(new SharedArrayBuffer(4)),
    wakeNs: new Float64Array(new SharedArrayBuffer(8)),
  };
  #orders = 0;
  #pending: { wakeNs: number; callback: () => void }[] = [];

  constructor() {
    const worker = new Worker(siblingModule("metronome-worker", import.meta.url), { workerData: this.#memory });
    worker.on("message", () => this.#ring());
    worker.unref();
  }

  wakeAt(wakeNs: number, callback: () => void): void {
    this.#pending.push({ wakeNs, callback });
    this.#pending.sort((a, b) => a.wakeNs - b.wakeNs);
    if (this.#pending[0]!.callback === callback) this.#order();
  }

  #ring(): void {
    const now = nowNs();
    const due = this.#pending.filter(({ wakeNs }) => wakeNs <= now);
    if (due.length > 0) lead.learn(now - due[0]!.wakeNs);
    this.#pending = this.#pending.slice(due.length);
    const orderBefore = this.#orders;
    for (const { callback } of due) callback();
    if (this.#pending.length > 0 && this.#orders === orderBefore) this.#order();
  }

  #order(): void {
    this.#orders++;
    this.#memory.wakeNs[0] = this.#pending[0]!.wakeNs;
    Atomics.add(this.#memory.order, 0, 1);
    Atomics.notify(this.#memory.order, 0);
  }
}

let metronome: Metronome | undefined;

/** Starts the worker thread ahead of its first use; a process that follows no schedule needs none. */
export function wakeMetronome(): void {
  metronome ??= new Metronome();
}

/** Never calls back in the caller's own turn, or a pacer that is behind would not let its sockets be read. */
function at(dueNs: number, callback: () => void): void {
  if (dueNs - nowNs() <= lead.ns) setImmediate(poll, dueNs, callback);
  else {
    wakeMetronome();
    metronome!.wakeAt(dueNs - lead.ns, () => poll(dueNs, callback));
  }
}

function poll(dueNs: number, callback: () => void): void {
  if (nowNs() >= dueNs) callback();
  else at(dueNs, callback);
}

export const realTimeline: Timeline = {
  nowNs,
  pacingPeriodNs,
  soon: (callback) => void setImmediate(callback),
  after: (ms, callback) => void setTimeout(callback, ms),
  at,
};
