/** Requests that came before their turn. */
interface Early {
  readonly bytes: number;
  readonly take: () => void;
  readonly timer: NodeJS.Timeout;
}

export interface TurnsOptions {
  /** Requests that may be waited for at once. */
  readonly countMax: number;
  /** Bytes of the bodies of requests that wait. */
  readonly bytesMax: number;
  /** How long a request waits for those before it, in milliseconds. */
  readonly waitMs: number;
}

/** Takes numbered requests in the order of their numbers, from 0, however they come. */
export class Turns {
  readonly #options: TurnsOptions;
  readonly #early = new Map<number, Early>();
  #bytes = 0;
  #next = 0;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** Whether the number was not taken and is no further ahead than a peer may be. */
  expects(number: number): boolean {
    return number >= this.#next && number < this.#next + this.#options.countMax && !this.#early.has(number);
  }

  /**
   * Calls `take` in its turn, which may be now, or `late` once it has waited in vain. Returns what makes it wait no more, or
   * undefined where too much waits already. Only for a number that is expected.
   */
  enter(number: number, bytes: number, take: () => void, late: () => void): (() => void) | undefined {
    if (number === this.#next) {
      this.#next++;
      take();
      this.#takeEarly();
      return () => {};
    }
    if (this.#bytes + bytes > this.#options.bytesMax) return undefined;
    const leave = (): void => this.#leave(number, early);
    const timer = setTimeout(() => {
      leave();
      late();
    }, this.#options.waitMs).unref();
    const early: Early = { bytes, take, timer };
    this.#early.set(number, early);
    this.#bytes += bytes;
    return leave;
  }

  /** Those that wait are not taken any more. */
  clear(): void {
    for (const [number, early] of this.#early) this.#leave(number, early);
  }

  #takeEarly(): void {
    for (let early = this.#early.get(this.#next); early !== undefined; early = this.#early.get(this.#next)) {
      this.#leave(this.#next++, early);
      early.take();
    }
  }

  #leave(number: number, early: Early): void {
    if (this.#early.get(number) !== early) return;
    clearTimeout(early.timer);
    this.#early.delete(number);
    this.#bytes -= early.bytes;
  }
}
