import { nowNs } from "../../../protocol/clock.ts";

export interface BusyOrder {
  readonly busyMs: number;
  readonly everyMs: number;
  readonly forMs: number;
}

/** However it is ordered, a process must come back to its driver. */
const busyMsMax = 10_000;
const forMsMax = 600_000;

/**
 * Keeps the event loop busy for `busyMs` of every `everyMs`, until `forMs` are over: a process that is slow, as with long
 * computations or garbage collections. Returns at once; a new order takes the place of the last.
 */
export class BusyLoop {
  #timer: NodeJS.Timeout | undefined;

  start({ busyMs, everyMs, forMs }: BusyOrder): void {
    clearTimeout(this.#timer);
    const startNs = nowNs();
    const endNs = startNs + Math.min(forMs, forMsMax) * 1e6;
    const periodNs = Math.max(everyMs, 1) * 1e6;
    const busyNs = Math.min(busyMs, busyMsMax) * 1e6;
    const turn = (): void => {
      const beganNs = nowNs();
      if (beganNs >= endNs) return;
      while (nowNs() - beganNs < busyNs);
      // A period that was overrun is followed by the next at once, but never without a turn for the sockets.
      const nextNs = startNs + Math.ceil((nowNs() - startNs) / periodNs) * periodNs;
      this.#timer = setTimeout(turn, Math.max(0, (nextNs - nowNs()) / 1e6));
      this.#timer.unref();
    };
    this.#timer = setTimeout(turn, 0);
    this.#timer.unref();
  }
}
