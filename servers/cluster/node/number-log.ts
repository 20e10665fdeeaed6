/** Numbers in the order they came, the latest so many of them. Nothing is copied as it grows. */

const rowsPerChunk = 8192;

type Column = Float64Array | Uint8Array;

export class NumberLog {
  readonly #chunksMax: number;
  readonly #newChunk: (rows: number) => Column;
  readonly #chunks: Column[] = [];
  /** Number of the first row of the first chunk that is left. */
  #begin = 0;
  #end = 0;

  /** Keeps at least `rowsMax`. */
  constructor(rowsMax: number, newChunk: (rows: number) => Column) {
    this.#chunksMax = Math.ceil(rowsMax / rowsPerChunk) + 1;
    this.#newChunk = newChunk;
  }

  /** Number of the next value. */
  get end(): number {
    return this.#end;
  }

  get hasForgotten(): boolean {
    return this.#begin > 0;
  }

  /** Returns the number of the value; the first one is 0. */
  push(value: number): number {
    const row = this.#end - this.#begin;
    if (row === this.#chunks.length * rowsPerChunk) this.#grow();
    this.set(this.#end, value);
    return this.#end++;
  }

  set(number: number, value: number): void {
    const row = number - this.#begin;
    if (row >= 0) this.#chunks[(row / rowsPerChunk) | 0]![row % rowsPerChunk] = value;
  }

  /** Undefined for one that is forgotten. */
  at(number: number): number | undefined {
    const row = number - this.#begin;
    return row < 0 || number >= this.#end ? undefined : this.#chunks[(row / rowsPerChunk) | 0]![row % rowsPerChunk];
  }

  /** Under which numbers each of these values is on record. */
  numbersOf(values: ReadonlySet<number>): Map<number, number[]> {
    const found = new Map<number, number[]>();
    for (let number = this.#begin; number < this.#end; number++) {
      const value = this.at(number)!;
      if (!values.has(value)) continue;
      const numbers = found.get(value);
      if (numbers === undefined) found.set(value, [number]);
      else numbers.push(number);
    }
    return found;
  }

  /** The latest. */
  lastNumberOf(value: number): number | undefined {
    for (let number = this.#end - 1; number >= this.#begin; number--) if (this.at(number) === value) return number;
    return undefined;
  }

  #grow(): void {
    if (this.#chunks.length < this.#chunksMax) this.#chunks.push(this.#newChunk(rowsPerChunk));
    else {
      this.#chunks.push(this.#chunks.shift()!);
      this.#begin += rowsPerChunk;
    }
  }
}
