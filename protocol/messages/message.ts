/**
 * The message wirebench measures with. Every payload starts with a header that says which window it belongs to,
 * its sequence number on its connection, when it was scheduled and when it was sent; the rest is filler known to
 * both ends, so that a receiver can tell a changed payload from a right one.
 *
 * Text header, 39 characters: kind (1), window (2), sequence (9), scheduled ns (17), lateness ns (10), all decimal.
 * Binary header, 24 bytes: kind (u8), window (u8), 2 unused, sequence (u32), scheduled ns (f64), lateness ns (f64).
 */
import type { Payload } from "../contract.ts";
import { seededRandom } from "../random.ts";
import { asBuffer } from "../wires/payload.ts";

export type PayloadKind = "text" | "binary";
export const payloadKinds = ["text", "binary"] as const satisfies readonly PayloadKind[];

/** The least a payload may have, so that the header fits either kind. */
export const payloadBytesMin = 40;

const textHeaderBytes = 39;
/** What says of which kind a message is: one character of a text, and of bytes the place in this list, from 1. */
const marks = [
  ["data", "m"],
  ["end", "e"],
  ["awaited", "a"],
  ["unawaited", "u"],
] as const;
type MessageKind = (typeof marks)[number][0];
const textMarks = Object.fromEntries(marks.map(([kind, mark]) => [kind, mark.charCodeAt(0)])) as Record<
  MessageKind,
  number
>;
const binaryMarks = Object.fromEntries(marks.map(([kind], index) => [kind, index + 1])) as Record<MessageKind, number>;
const kindsByText = new Map<number | undefined, MessageKind>(marks.map(([kind, mark]) => [mark.charCodeAt(0), kind]));
const binaryHeaderBytes = 24;
const lateDigits = 10;
const lateMaxNs = 10 ** lateDigits - 1;
const fillerAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .";

/** What both ends of a cell build their codec from. */
export interface CodecOptions {
  kind: PayloadKind;
  /** Of the largest message, where they differ. */
  payloadBytes: number;
  seed: number;
  /** Absent: all messages have the same size. */
  sizes?: MessageSizes;
}

/** Sizes of messages, in bytes of payload. */
export interface MessageSizes {
  /** Those an end sends, in turn, over all its connections. */
  readonly sends: readonly number[];
  /** Those that may come: one of another size is no message of this cell. */
  readonly accepts: readonly number[];
}

/** One decoded header. The codec reuses one object: read it before the next `decode`. */
export interface Message {
  /**
   * `end` closes a direction of a window: its sequence number is the count of messages before it. Where a receiver has to ask,
   * `awaited` and `unawaited` are data that found its request waiting at the sender, and data that did not.
   */
  kind: MessageKind;
  window: number;
  sequence: number;
  scheduledNs: number;
  sentNs: number;
}

export class MessageCodec {
  readonly kind: PayloadKind;
  readonly #sends: readonly number[];
  readonly #accepts: ReadonlySet<number>;
  #encoded = 0;
  /** Header and filler of a text; the header is written anew for every message. */
  readonly #text: Buffer;
  readonly #filler: Buffer;
  readonly #message: Message = { kind: "data", window: 0, sequence: 0, scheduledNs: 0, sentNs: 0 };

  /** Both ends of a cell build it from the same three values. Text filler is ASCII that no wire has to escape. */
  constructor(options: CodecOptions) {
    const { kind, payloadBytes, seed, sizes = { sends: [payloadBytes], accepts: [payloadBytes] } } = options;
    const all = [...sizes.sends, ...sizes.accepts];
    if (Math.max(...all) > payloadBytes) throw new RangeError(`expected at most ${payloadBytes} payload bytes`);
    if (Math.min(...all) < payloadBytesMin) throw new RangeError(`expected at least ${payloadBytesMin} payload bytes`);
    this.kind = kind;
    this.#sends = sizes.sends;
    this.#accepts = new Set(sizes.accepts);
    const random = seededRandom(seed);
    const pick = (): number =>
      kind === "text"
        ? fillerAlphabet.charCodeAt(Math.floor(random() * fillerAlphabet.length))
        : Math.floor(random() * 256);
    const headerBytes = kind === "text" ? textHeaderBytes : binaryHeaderBytes;
    this.#filler = Buffer.from(Array.from({ length: payloadBytes - headerBytes }, pick));
    this.#text = Buffer.concat([Buffer.alloc(textHeaderBytes), this.#filler]);
  }

  encode(kind: Message["kind"], window: number, sequence: number, scheduledNs: number, sentNs: number): Payload {
    return this.kind === "text"
      ? this.encodeText(kind, window, sequence, scheduledNs, sentNs).toString("latin1")
      : this.#encodeBinary(kind, window, sequence, scheduledNs, sentNs);
  }

  /** A text as UTF-8, lent until the next one. */
  encodeText(kind: Message["kind"], window: number, sequence: number, scheduledNs: number, sentNs: number): Buffer {
    const length = this.#nextBytes();
    // Views are only made where sizes differ.
    const bytes = length === this.#text.byteLength ? this.#text : this.#text.subarray(0, length);
    bytes[0] = textMarks[kind];
    writeDigits(bytes, window, 1, 3);
    writeDigits(bytes, sequence, 3, 12);
    const scheduled = Math.round(scheduledNs);
    // A multiple of 1e9 is exact here, and so is what is left; only the quotient may have been rounded up.
    let high = Math.floor(scheduled / 1e9);
    if (high * 1e9 > scheduled) high--;
    writeDigits(bytes, high, 12, 20);
    writeDigits(bytes, scheduled - high * 1e9, 20, 29);
    const late = textLatenessNs(scheduledNs, sentNs);
    const lateHigh = Math.floor(late / 1e5);
    writeDigits(bytes, lateHigh, 29, 34);
    writeDigits(bytes, late - lateHigh * 1e5, 34, textHeaderBytes);
    return bytes;
  }

  /**
   * The header, or undefined if the payload is not one this cell sends, byte for byte. A text may come as its UTF-8.
   */
  decode(payload: Payload, isText = typeof payload === "string"): Message | undefined {
    if (isText !== (this.kind === "text")) return undefined;
    const bytes = typeof payload === "string" ? Buffer.from(payload) : asBuffer(payload);
    if (!this.#accepts.has(bytes.byteLength)) return undefined;
    return isText ? this.#decodeText(bytes) : this.#decodeBinary(bytes);
  }

  #decodeText(bytes: Buffer): Message | undefined {
    const kind = kindsByText.get(bytes[0]);
    if (kind === undefined || !this.#isFilled(bytes, textHeaderBytes)) return undefined;
    const window = decimal(bytes, 1, 3);
    const sequence = decimal(bytes, 3, 12);
    const scheduledHigh = decimal(bytes, 12, 20);
    const scheduledLow = decimal(bytes, 20, 29);
    const lateHigh = decimal(bytes, 29, 34);
    const lateLow = decimal(bytes, 34, textHeaderBytes);
    if ((window | sequence | scheduledHigh | scheduledLow | lateHigh | lateLow) < 0) return undefined;
    // A multiple of 1e9 is exact here, so that this rounds once, as reading all 17 digits does.
    const scheduledNs = scheduledHigh * 1e9 + scheduledLow;
    return this.#fill(kind, window, sequence, scheduledNs, scheduledNs + (lateHigh * 1e5 + lateLow));
  }

  #encodeBinary(kind: Message["kind"], window: number, sequence: number, scheduledNs: number, sentNs: number): Buffer {
    const bytes = Buffer.allocUnsafe(this.#nextBytes());
    bytes[0] = binaryMarks[kind];
    bytes[1] = window;
    bytes.writeUInt16BE(0, 2);
    bytes.writeUInt32BE(sequence, 4);
    bytes.writeDoubleBE(scheduledNs, 8);
    bytes.writeDoubleBE(sentNs - scheduledNs, 16);
    this.#filler.copy(bytes, binaryHeaderBytes);
    return bytes;
  }

  #nextBytes(): number {
    return this.#sends[this.#encoded++ % this.#sends.length]!;
  }

  /** Whether all after the header is what both ends know. */
  #isFilled(bytes: Buffer, headerBytes: number): boolean {
    return this.#filler.compare(bytes, headerBytes, bytes.byteLength, 0, bytes.byteLength - headerBytes) === 0;
  }

  #decodeBinary(bytes: Buffer): Message | undefined {
    const kind = marks[(bytes[0] ?? 0) - 1]?.[0];
    if (kind === undefined || !this.#isFilled(bytes, binaryHeaderBytes)) return undefined;
    const scheduledNs = bytes.readDoubleBE(8);
    const sentNs = scheduledNs + bytes.readDoubleBE(16);
    return this.#fill(kind, bytes[1]!, bytes.readUInt32BE(4), scheduledNs, sentNs);
  }

  #fill(kind: MessageKind, window: number, sequence: number, scheduledNs: number, sentNs: number): Message {
    const message = this.#message;
    message.kind = kind;
    message.window = window;
    message.sequence = sequence;
    message.scheduledNs = scheduledNs;
    message.sentNs = sentNs;
    return message;
  }
}

/** How late a text message says that it was sent: the header holds whole nanoseconds, from 0 to some ten seconds. */
export const textLatenessNs = (scheduledNs: number, sentNs: number): number =>
  Math.min(lateMaxNs, Math.max(0, Math.round(sentNs - scheduledNs)));

/** Decimal, with leading zeros, from `start` to before `end`; up to nine digits, since what fits into 32 bits costs a fraction. */
function writeDigits(bytes: Buffer, value: number, start: number, end: number): void {
  let rest = value | 0;
  for (let at = end - 1; at >= start; at--) {
    const quotient = (rest / 10) | 0;
    bytes[at] = 0x30 + rest - quotient * 10;
    rest = quotient;
  }
}

/** What `writeDigits` wrote; -1 where a byte is no digit. */
function decimal(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
