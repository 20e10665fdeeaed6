/** Exact counts of what one receiver saw of one numbered sequence. */
export class ArrivalLedger {
  #seen = new Uint8Array(1024);
  #nextExpected = 0;
  #unique = 0;
  #duplicated = 0;
  #reordered = 0;

  /**
   * Notes one arrival. Returns false for a duplicate.
   * Reordered is RFC 4737 section 3.3: a number below the next expected one, arriving for the first time.
   */
  arrive(sequence: number): boolean {
    if (sequence >= this.#seen.length) this.#grow(sequence);
    if (this.#seen[sequence] === 1) {
      this.#duplicated++;
      return false;
    }
    this.#seen[sequence] = 1;
    this.#unique++;
    if (sequence < this.#nextExpected) this.#reordered++;
    else this.#nextExpected = sequence + 1;
    return true;
  }

  get unique(): number {
    return this.#unique;
  }

  get duplicated(): number {
    return this.#duplicated;
  }

  get reordered(): number {
    return this.#reordered;
  }

  /** Numbers not seen although a later one arrived: on a wire that keeps order, these will never come. */
  get overtaken(): number {
    return this.#nextExpected - this.#unique;
  }

  #grow(sequence: number): void {
    const larger = new Uint8Array(Math.max(sequence + 1, this.#seen.length * 2));
    larger.set(this.#seen);
    this.#seen = larger;
  }
}
