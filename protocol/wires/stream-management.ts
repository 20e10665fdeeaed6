import type { Element } from "@xmpp/xml";

/** Of everything stream management says (XEP-0198). */
export const streamManagementNamespace = "urn:xmpp:sm:3";

/** A count is an unsigned number of 32 bits, and after the largest comes zero (XEP-0198 section 4). */
const countModulus = 2 ** 32;
/**
 * An acknowledgement is asked for after so many stanzas, or a part of what may be kept. Counted, not timed: a request that
 * each new stanza puts off is never made under load, and one for every stanza doubles what is sent.
 */
const requestEveryStanzas = 16;
const requestEveryPart = 1 / 8;
/** What an element takes besides its text and attributes, about, in bytes. */
const elementBytes = 200;

/** The value of an `h`; undefined if it is not a count. */
export function parseCount(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const count = Number(text);
  return count < countModulus ? count : undefined;
}

/** The next count. */
const after = (count: number, steps = 1): number => (count + steps) % countModulus;

/** About what an element takes in memory, in bytes. */
function bytesOf(element: Element): number {
  let bytes = elementBytes;
  for (const name in element.attrs) bytes += name.length + (element.attrs[name]?.length ?? 0);
  for (const child of element.children) {
    if (typeof child === "string") bytes += child.length;
    else if (child.children !== undefined) bytes += bytesOf(child);
    else {
      // Serialised already, since it is the same for many.
      child.write((text) => {
        bytes += text.length;
      });
    }
  }
  return bytes;
}

interface Kept {
  readonly stanza: Element;
  readonly bytes: number;
}

/**
 * One side's books of a session with stream management: how many stanzas of the peer it has handled, and those of its own
 * that the peer has not acknowledged, which it keeps so that it can send them again (XEP-0198 sections 4 and 5). It outlives
 * the connection.
 */
export class StanzaLedger {
  readonly #bytesMax: number;
  #handled: number;
  #acknowledged: number;
  #kept: Kept[] = [];
  #keptBytes = 0;
  #unasked = 0;
  #unaskedBytes = 0;

  /** Keeps up to about `bytesMax` bytes. `first` is where both counts begin: zero, but for a test of what happens at the end. */
  constructor(bytesMax: number, first = 0) {
    this.#bytesMax = bytesMax;
    this.#handled = first;
    this.#acknowledged = first;
  }

  /** Stanzas of the peer that this side has taken charge of, as an `h` says it. */
  get handled(): number {
    return this.#handled;
  }

  /** Stanzas sent, as an `h` would say it that acknowledges all of them. */
  get sent(): number {
    return after(this.#acknowledged, this.#kept.length);
  }

  get unacknowledged(): readonly Element[] {
    return this.#kept.map(({ stanza }) => stanza);
  }

  get unacknowledgedCount(): number {
    return this.#kept.length;
  }

  /** About what they take in memory. */
  get unacknowledgedBytes(): number {
    return this.#keptBytes;
  }

  /** One more stanza of the peer. */
  handle(): void {
    this.#handled = after(this.#handled);
  }

  /** Keeps a stanza that is about to be sent, and that nobody changes any more; false, and nothing happens, where there is no room for it. */
  keep(stanza: Element): boolean {
    const bytes = bytesOf(stanza);
    if (this.#keptBytes + bytes > this.#bytesMax) return false;
    this.#kept.push({ stanza, bytes });
    this.#keptBytes += bytes;
    this.#unasked++;
    this.#unaskedBytes += bytes;
    return true;
  }

  /** Whether the peer must be asked for an acknowledgement now; the caller does so, and is not told again for a while. */
  takeRequest(): boolean {
    if (this.#unasked < requestEveryStanzas && this.#unaskedBytes < this.#bytesMax * requestEveryPart) return false;
    this.#unasked = 0;
    this.#unaskedBytes = 0;
    return true;
  }

  /** Whether so many can have been handled by the peer; else it claims more than it was sent, or less than it claimed before. */
  canAcknowledge(handled: number): boolean {
    return this.#newlyHandled(handled) <= this.#kept.length;
  }

  /** Lets go of what the peer has handled; false, and nothing happens, if that cannot be. */
  acknowledge(handled: number): boolean {
    if (!this.canAcknowledge(handled)) return false;
    for (const { bytes } of this.#kept.splice(0, this.#newlyHandled(handled))) this.#keptBytes -= bytes;
    this.#acknowledged = handled;
    return true;
  }

  #newlyHandled(handled: number): number {
    return (handled - this.#acknowledged + countModulus) % countModulus;
  }
}
