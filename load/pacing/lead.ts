/** Never earlier than this: a thread that takes longer to wake up is late, and that is recorded. */
const leadMaxNs = 250_000;
const stepNs = 2000;

/**
 * How early a thread must be woken to be on time: the median of what its wake-ups took, so that half of them are a little
 * early, and poll for no longer than they vary. A step is the same whatever the wake-up took, so that one time slice lost
 * to another process moves it no further than a usual one.
 */
export class Lead {
  #ns = leadMaxNs / 2;

  get ns(): number {
    return this.#ns;
  }

  /** `tookNs`: from the instant at which the thread was to be woken to the one at which it ran. */
  learn(tookNs: number): void {
    const next = tookNs > this.#ns ? this.#ns + stepNs : this.#ns - stepNs;
    this.#ns = Math.min(leadMaxNs, Math.max(0, next));
  }
}
