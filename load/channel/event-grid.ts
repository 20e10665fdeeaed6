import { widened } from "./messages.ts";

const cellNs = 1e6;

/** Cells kept: an hour. What happens later counts as happening then. */
const cellsMax = 3_600_000;

/** How often something happened, by the millisecond: a log of millions of events in a few bytes each. */
export class EventGrid {
  readonly #originNs: number;
  #cells = new Int32Array(1024);

  /** Nothing happens before `originNs`. */
  constructor(originNs: number) {
    this.#originNs = originNs;
  }

  add(atNs: number, count = 1): void {
    const cell = this.#cellOf(atNs);
    if (cell >= this.#cells.length) {
      const length = Math.min(cellsMax, Math.max(cell + 1, this.#cells.length * 2));
      this.#cells = widened(this.#cells, new Int32Array(length));
    }
    this.#cells[cell]! += count;
  }

  /** From the millisecond of `startNs` up to, but without, that of `endNs`. */
  sum(startNs: number, endNs: number): number {
    const end = Math.min(this.#cells.length, this.#cellOf(endNs));
    let sum = 0;
    for (let cell = this.#cellOf(startNs); cell < end; cell++) sum += this.#cells[cell]!;
    return sum;
  }

  #cellOf(atNs: number): number {
    return Math.min(cellsMax - 1, Math.max(0, Math.floor((atNs - this.#originNs) / cellNs)));
  }
}
