import { widened } from "./messages.ts";
import { Presence } from "./presence.ts";

/** One user's side of the ledger: which messages it has, where it was, and what it was told. */
export class Recipient {
  readonly presence = new Presence();
  /** What its publishers say is what it is owed. */
  readonly room: number;
  /** Number of the first message it is owed; infinite before the first welcome of a newcomer. */
  owedFrom: number;
  /** It was told that messages before this number may be missing. */
  gapBefore = 0;
  /** Its latest welcome promised to replay what it missed of the messages before this number. */
  replayBefore = 0;
  /** One bit per message. */
  #seen = new Uint8Array(128);
  /** Per publisher, the lowest sequence number that none has overtaken (RFC 4737 section 3.3). */
  readonly #nextExpected: number[] = [];

  constructor(owedFrom: number, room: number) {
    this.owedFrom = owedFrom;
    this.room = room;
  }

  has(message: number): boolean {
    return ((this.#seen[message >> 3] ?? 0) & (1 << (message & 7))) !== 0;
  }

  /** Notes the first arrival of a message. */
  take(message: number): void {
    const byte = message >> 3;
    if (byte >= this.#seen.length) {
      this.#seen = widened(this.#seen, new Uint8Array(Math.max(byte + 1, this.#seen.length * 2)));
    }
    this.#seen[byte]! |= 1 << (message & 7);
  }

  /** Whether a later one of the same publisher came before. */
  isOvertaken(publisher: number, sequence: number): boolean {
    if (sequence < (this.#nextExpected[publisher] ?? 0)) return true;
    this.#nextExpected[publisher] = sequence + 1;
    return false;
  }

  /** Calls back with every message below `count` that is owed and not here, in order. */
  forEachMissing(count: number, callback: (message: number) => void): void {
    for (let message = this.owedFrom; message < count; message++) {
      if ((message & 7) === 0 && this.#seen[message >> 3] === 0xff) message += 7;
      else if (!this.has(message)) callback(message);
    }
  }

  /** Forgets all messages; the next is number 0. What a user is on its way to be owed stays. */
  reset(): void {
    this.presence.reset();
    if (Number.isFinite(this.owedFrom)) this.owedFrom = 0;
    this.gapBefore = 0;
    this.replayBefore = 0;
    this.#seen = new Uint8Array(128);
    this.#nextExpected.length = 0;
  }
}
