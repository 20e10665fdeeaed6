/** Number of a node; `away` is where a user without a connection is. */
export const away = -1;

/** One user on one node, or away, from a message on up to the next stay. */
interface Stay {
  readonly fromMessage: number;
  readonly node: number;
  endNs: number;
}

/**
 * Where one user was when each message was sent. Counted in messages and not in time: of two events in the same
 * nanosecond one was still first.
 */
export class Presence {
  readonly #stays: Stay[] = [{ fromMessage: 0, node: away, endNs: Number.POSITIVE_INFINITY }];

  get node(): number {
    return this.#stays.at(-1)!.node;
  }

  /** Stays kept; those in which nothing was sent are not. */
  get stays(): number {
    return this.#stays.length;
  }

  /** The user goes to `node`; messages from number `fromMessage` on will be sent while it is there. */
  move(node: number, fromMessage: number, atNs: number): void {
    const last = this.#stays.at(-1)!;
    last.endNs = atNs;
    if (last.fromMessage === fromMessage) this.#stays.pop();
    this.#stays.push({ fromMessage, node, endNs: Number.POSITIVE_INFINITY });
  }

  nodeAt(message: number): number {
    return this.#stayAt(message).node;
  }

  /** When the stay in which the message was sent ended; undefined while it lasts. */
  endNsAt(message: number): number | undefined {
    const { endNs } = this.#stayAt(message);
    return endNs === Number.POSITIVE_INFINITY ? undefined : endNs;
  }

  /** Whether the user was connected when the message was sent, and without a break until `untilNs` or until now. */
  stayedUntil(message: number, untilNs: number): boolean {
    const { node, endNs } = this.#stayAt(message);
    return node !== away && endNs >= untilNs;
  }

  /** Forgets the past; the next message is number 0. */
  reset(): void {
    const { node } = this;
    this.#stays.splice(0, this.#stays.length, { fromMessage: 0, node, endNs: Number.POSITIVE_INFINITY });
  }

  #stayAt(message: number): Stay {
    const stays = this.#stays;
    const last = stays.at(-1)!;
    if (last.fromMessage <= message) return last;
    let low = 0;
    let high = stays.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (stays[middle]!.fromMessage <= message) low = middle;
      else high = middle;
    }
    return stays[low]!;
  }
}
