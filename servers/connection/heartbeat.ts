export interface Beats {
  /** Asks the peer for a sign of life. */
  beat(): void;
  /** The peer has given none for an interval after it was asked. Called once, and nothing is asked after it. */
  lost(): void;
}

/**
 * Asks a peer at an interval whether it is there. Whatever comes from it answers. Of the two intervals a silent one may have
 * at most, one passes until it is asked and one until the answer is missed.
 */
export class Heartbeat {
  readonly #beats: Beats;
  readonly #timer: NodeJS.Timeout;
  #isAsked = false;
  #isHeard = false;

  constructor(everyMs: number, beats: Beats) {
    this.#beats = beats;
    this.#timer = setInterval(() => this.#due(), everyMs).unref();
  }

  heard(): void {
    this.#isHeard = true;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #due(): void {
    if (this.#isAsked && !this.#isHeard) setImmediate(() => this.#missing());
    else this.#ask();
  }

  /** The answer may have lain in the socket while this process was busy: timers run first, then sockets are read, then this. */
  #missing(): void {
    if (this.#isHeard) {
      this.#ask();
      return;
    }
    this.stop();
    this.#beats.lost();
  }

  #ask(): void {
    this.#isAsked = true;
    this.#isHeard = false;
    this.#beats.beat();
  }
}

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
