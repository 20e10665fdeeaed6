/** What one node received of one publisher that numbers its messages from 0, in memory that does not grow with time. */

/** Beyond so many missing numbers there is no need to know which. */
const knownMissingMax = 100_000;

export class Tally {
  /** Messages that came for the first time. */
  received = 0;
  duplicates = 0;
  /** Came after one that was published later. */
  late = 0;
  #next = 0;
  readonly #missing = new Set<number>();
  #missingUnknown = 0;

  receive(sequence: number): void {
    if (sequence >= this.#next) {
      this.#skip(sequence);
      this.#next = sequence + 1;
      this.received++;
    } else if (this.#missing.delete(sequence)) {
      this.received++;
      this.late++;
    } else this.duplicates++;
  }

  /** How many of `published` messages did not come, apart from those that the broker refused. */
  missing(published: number, refused: ReadonlySet<number>): number {
    this.#skip(published);
    this.#next = Math.max(this.#next, published);
    return this.#missingUnknown + [...this.#missing].filter((sequence) => !refused.has(sequence)).length;
  }

  #skip(end: number): void {
    for (let sequence = this.#next; sequence < end; sequence++) {
      if (this.#missing.size < knownMissingMax) this.#missing.add(sequence);
      else this.#missingUnknown++;
    }
  }
}
