/** What was published, one row per message in the order of publishing; the number of a row names the message. */

export type Answer = "pending" | "accepted" | "rejected";

const answers: readonly Answer[] = ["pending", "accepted", "rejected"];

/** Columns of numbers that grow together. A row costs some 50 bytes. */
export class MessageTable {
  #length = 0;
  #capacity = 0;
  #publisher = new Uint32Array(0);
  #sequence = new Uint32Array(0);
  #publisherNode = new Int32Array(0);
  #sentNs = new Float64Array(0);
  #fromNs = new Float64Array(0);
  #answer = new Uint8Array(0);
  #owedTo = new Uint32Array(0);
  #arrived = new Uint32Array(0);
  #firstNs = new Float64Array(0);
  #medianNs = new Float64Array(0);
  /** Per publisher: the sequence number of its first row, and the rows from there on. */
  readonly #rows = new Map<number, { base: number; rows: number[] }>();

  get length(): number {
    return this.#length;
  }

  /** `sequence` must be the next one of its publisher, or its first. Returns the row. */
  append(row: {
    publisher: number;
    sequence: number;
    publisherNode: number;
    sentNs: number;
    fromNs: number;
    owedTo: number;
  }): number {
    if (this.#length === this.#capacity) this.#grow();
    const index = this.#length++;
    this.#publisher[index] = row.publisher;
    this.#sequence[index] = row.sequence;
    this.#publisherNode[index] = row.publisherNode;
    this.#sentNs[index] = row.sentNs;
    this.#fromNs[index] = row.fromNs;
    this.#owedTo[index] = row.owedTo;
    const known = this.#rows.get(row.publisher);
    if (known) known.rows.push(index);
    else this.#rows.set(row.publisher, { base: row.sequence, rows: [index] });
    return index;
  }

  /** Undefined for a message that is not in the table. */
  find(publisher: number, sequence: number): number | undefined {
    const known = this.#rows.get(publisher);
    return known?.rows[sequence - known.base];
  }

  publisher(row: number): number {
    return this.#publisher[row]!;
  }

  sequence(row: number): number {
    return this.#sequence[row]!;
  }

  publisherNode(row: number): number {
    return this.#publisherNode[row]!;
  }

  sentNs(row: number): number {
    return this.#sentNs[row]!;
  }

  /** What its delays count from: the schedule in an open loop, the sending in a closed one. */
  fromNs(row: number): number {
    return this.#fromNs[row]!;
  }

  answer(row: number): Answer {
    return answers[this.#answer[row]!]!;
  }

  setAnswer(row: number, answer: Answer): void {
    this.#answer[row] = answers.indexOf(answer);
  }

  /** Notes one more recipient; returns when the first, the median and the last had it, once the last has. */
  arrive(row: number, atNs: number): { firstNs: number; medianNs: number; lastNs: number } | undefined {
    const count = ++this.#arrived[row]!;
    const owedTo = this.#owedTo[row]!;
    if (count === 1) this.#firstNs[row] = atNs;
    // Of an even number the lower of the two in the middle: an arrival that was, and not a mean of two.
    if (count === Math.ceil(owedTo / 2)) this.#medianNs[row] = atNs;
    if (count !== owedTo) return undefined;
    return { firstNs: this.#firstNs[row]!, medianNs: this.#medianNs[row]!, lastNs: atNs };
  }

  #grow(): void {
    this.#capacity = Math.max(1024, this.#capacity * 2);
    this.#publisher = widened(this.#publisher, new Uint32Array(this.#capacity));
    this.#sequence = widened(this.#sequence, new Uint32Array(this.#capacity));
    this.#publisherNode = widened(this.#publisherNode, new Int32Array(this.#capacity));
    this.#sentNs = widened(this.#sentNs, new Float64Array(this.#capacity));
    this.#fromNs = widened(this.#fromNs, new Float64Array(this.#capacity));
    this.#answer = widened(this.#answer, new Uint8Array(this.#capacity));
    this.#owedTo = widened(this.#owedTo, new Uint32Array(this.#capacity));
    this.#arrived = widened(this.#arrived, new Uint32Array(this.#capacity));
    this.#firstNs = widened(this.#firstNs, new Float64Array(this.#capacity));
    this.#medianNs = widened(this.#medianNs, new Float64Array(this.#capacity));
  }
}

/** `larger`, beginning with what `column` holds. */
export function widened<Column extends { set(values: ArrayLike<number>): void } & ArrayLike<number>>(
  column: Column,
  larger: Column,
): Column {
  larger.set(column);
  return larger;
}
