/** For tests: time that stands still until it is advanced, so that a schedule of seconds runs at once and exactly. */
import type { Timeline } from "../../protocol/clock.ts";

export class ManualTimeline implements Timeline {
  readonly pacingPeriodNs: number;
  /** How often something was waited for until an instant. */
  waits = 0;
  #nowNs = 0;
  #pending: { atNs: number; callback: () => void }[] = [];

  constructor({ pacingPeriodNs = 0 }: Partial<Pick<Timeline, "pacingPeriodNs">> = {}) {
    this.pacingPeriodNs = pacingPeriodNs;
  }

  nowNs(): number {
    return this.#nowNs;
  }

  after(ms: number, callback: () => void): void {
    this.#pending.push({ atNs: this.#nowNs + ms * 1e6, callback });
  }

  soon(callback: () => void): void {
    this.after(0, callback);
  }

  at(atNs: number, callback: () => void): void {
    this.waits++;
    this.#pending.push({ atNs, callback });
  }

  /** Moves to `toNs` through everything that falls due on the way, in time order. */
  advance(toNs: number): void {
    for (;;) {
      const next = this.#pending.sort((a, b) => a.atNs - b.atNs)[0];
      if (next === undefined || next.atNs > toNs) break;
      this.#pending.shift();
      this.#nowNs = Math.max(this.#nowNs, next.atNs);
      next.callback();
    }
    this.#nowNs = Math.max(this.#nowNs, toNs);
  }

  /** Lets time pass with nothing running in it, as when a process is stopped. */
  freeze(ns: number): void {
    this.#nowNs += ns;
  }
}
