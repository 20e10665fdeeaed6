import { encodeBatch } from "../../protocol/wires/json-message.ts";

/** Messages on their way to a peer that fetches them: numbered from 1, kept until the peer says it has them. */
export class Mailbox {
  #messages: string[] = [];
  #forgotten = 0;
  #bytes = 0;

  /** Bytes of the messages kept, as they travel. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  /** Takes a message that is JSON text already. */
  add(message: string): void {
    this.#messages.push(message);
    this.#bytes += Buffer.byteLength(message);
  }

  /**
   * Forgets everything up to `cursor`, which the peer thereby says it has. False for a cursor this mailbox never
   * gave and for one it has forgotten: neither can be continued without a gap.
   */
  forget(cursor: number): boolean {
    if (cursor < this.#forgotten || cursor > this.#cursor) return false;
    for (const message of this.#messages.splice(0, cursor - this.#forgotten)) this.#bytes -= Buffer.byteLength(message);
    this.#forgotten = cursor;
    return true;
  }

  /** Everything kept, and the cursor that will forget it. Asking again gives it again, so a lost answer loses nothing. */
  batch(): string {
    return encodeBatch(this.#cursor, this.#messages);
  }

  clear(): void {
    this.#forgotten = this.#cursor;
    this.#messages = [];
    this.#bytes = 0;
  }

  get #cursor(): number {
    return this.#forgotten + this.#messages.length;
  }
}
