import { nowNs } from "../../protocol/clock.ts";

/** Waits for a condition that arrivals bring about, or until they cease. */
export class Drain {
  readonly done: Promise<void>;
  readonly #isComplete: () => boolean;
  readonly #resolve: () => void;
  #timer: NodeJS.Timeout | undefined;
  #lastArrivalNs = nowNs();

  /** Resolves `done` at once when it is complete, when nothing arrived for `quietMs`, or after `maxMs`. */
  constructor({ quietMs, maxMs }: { quietMs: number; maxMs: number }, isComplete: () => boolean) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.done = promise;
    this.#isComplete = isComplete;
    this.#resolve = resolve;
    const latestNs = nowNs() + maxMs * 1e6;
    const look = (): void => {
      const leftNs = Math.min(latestNs, this.#lastArrivalNs + quietMs * 1e6) - nowNs();
      if (leftNs <= 0) resolve();
      else this.#timer = setTimeout(look, Math.ceil(leftNs / 1e6));
    };
    if (isComplete()) resolve();
    else look();
  }

  /** Something arrived. */
  arrived(atNs: number): void {
    this.#lastArrivalNs = atNs;
    if (!this.#isComplete()) return;
    clearTimeout(this.#timer);
    this.#resolve();
  }
}
