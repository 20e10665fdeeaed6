/**
 * Age of information: the time since the newest value that a receiver has was produced, averaged over time, which is the
 * area under its saw-tooth over the time watched (Kaul, Yates, Gruteser: Real-time status: how often should one update?,
 * INFOCOM 2012).
 */

/** Areas and the time they are taken over, which add up over receivers, processes and windows. In seconds. */
export interface AgeRecord {
  /** From the first value a receiver has, but not before the window begins. */
  readonly watchedS: number;
  /** Under the age of what the receivers have. */
  readonly areaS2: number;
  /** The same of receivers that have every value at the instant it is produced. */
  readonly sourceAreaS2: number;
}

/** The age of what one receiver of one sequence of values has, while a window is measured. */
export class AgeOfInformation {
  readonly #startNs: number;
  readonly #endNs: number;
  #fromNs = 0;
  /** When the newest value was produced, and when it came. */
  #newestNs: number | undefined;
  #cameNs = 0;
  #areaS2 = 0;
  #sourceAreaS2 = 0;

  constructor({ startNs, endNs }: { readonly startNs: number; readonly endNs: number }) {
    this.#startNs = startNs;
    this.#endNs = endNs;
  }

  /** A value came, whatever came before. One that is older than the newest makes nothing younger. */
  arrive(producedNs: number, nowNs: number): void {
    const newest = this.#newestNs;
    if (newest === undefined) this.#fromNs = Math.max(this.#startNs, nowNs);
    else if (producedNs <= newest) return;
    else {
      this.#areaS2 += this.#area(newest, this.#cameNs, nowNs);
      this.#sourceAreaS2 += this.#area(newest, newest, producedNs);
    }
    this.#newestNs = producedNs;
    this.#cameNs = nowNs;
  }

  /** Up to the end of the window, once everything that was produced in it has come. */
  record(): AgeRecord {
    const newest = this.#newestNs;
    if (newest === undefined || this.#fromNs >= this.#endNs) return { watchedS: 0, areaS2: 0, sourceAreaS2: 0 };
    return {
      watchedS: (this.#endNs - this.#fromNs) / 1e9,
      areaS2: this.#areaS2 + this.#area(newest, this.#cameNs, this.#endNs),
      sourceAreaS2: this.#sourceAreaS2 + this.#area(newest, newest, this.#endNs),
    };
  }

  /** Under the age of a value between two instants, as far as they are watched. */
  #area(producedNs: number, sinceNs: number, untilNs: number): number {
    const from = (Math.max(this.#fromNs, sinceNs) - producedNs) / 1e9;
    const to = (Math.min(this.#endNs, untilNs) - producedNs) / 1e9;
    return to > from ? (to * to - from * from) / 2 : 0;
  }
}

/** Of several receivers. */
export const sumAges = (ages: readonly AgeRecord[]): AgeRecord => ({
  watchedS: ages.reduce((sum, { watchedS }) => sum + watchedS, 0),
  areaS2: ages.reduce((sum, { areaS2 }) => sum + areaS2, 0),
  sourceAreaS2: ages.reduce((sum, { sourceAreaS2 }) => sum + sourceAreaS2, 0),
});
