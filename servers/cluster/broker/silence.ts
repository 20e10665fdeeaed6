export interface SilenceOptions {
  /** Something is heard at least so often, or it is not as it should be. */
  readonly periodMs: number;
  /** Periods in a row without a sound that are put up with. */
  readonly periodsMax: number;
  readonly silent: () => void;
}

/**
 * Tells when nothing was heard for too long. Counts periods and not time: a process that was not run for a while finds
 * its timers due before it has read its sockets, and then only one period has passed.
 */
export class SilenceWatch {
  readonly #timer: NodeJS.Timeout;
  #periods = 0;

  constructor({ periodMs, periodsMax, silent }: SilenceOptions) {
    this.#timer = setInterval(() => {
      if (++this.#periods <= periodsMax) return;
      this.stop();
      silent();
    }, periodMs);
  }

  heard(): void {
    this.#periods = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
