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

const textHeaderChars = 39;
const binaryHeaderBytes = 24;
const lateDigits = 10;
const lateMaxNs = 10 ** lateDigits - 1;
const fillerAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .";

/** What both ends of a cell build their codec from. */
export interface CodecOptions {
  kind: PayloadKind;
  payloadBytes: number;
  seed: number;
}

/** One decoded header. The codec reuses one object: read it before the next `decode`. */
export interface Message {
  /** `end` closes a direction of a window: its sequence number is the count of messages before it. */
  kind: "data" | "end";
  window: number;
  sequence: number;
  scheduledNs: number;
  sentNs: number;
}

export class MessageCodec {
  readonly #kind: PayloadKind;
  readonly #payloadBytes: number;
  readonly #textFiller: string;
  readonly #binaryFiller: Buffer;
  readonly #message: Message = { kind: "data", window: 0, sequence: 0, scheduledNs: 0, sentNs: 0 };

  /** Both ends of a cell build it from the same three values. Text filler is ASCII that no wire has to escape. */
  constructor(options: CodecOptions) {
    const { kind, payloadBytes, seed } = options;
    if (payloadBytes < payloadBytesMin) throw new RangeError(`expected at least ${payloadBytesMin} payload bytes`);
    this.#kind = kind;
    this.#payloadBytes = payloadBytes;
    const random = seededRandom(seed);
    const pick = (): number => Math.floor(random() * fillerAlphabet.length);
    this.#textFiller =
      kind === "text"
        ? Array.from({ length: payloadBytes - textHeaderChars }, () => fillerAlphabet[pick()]).join("")
        : "";
    this.#binaryFiller =
      kind === "binary"
        ? Buffer.from(Array.from({ length: payloadBytes - binaryHeaderBytes }, () => Math.floor(random() * 256)))
        : Buffer.alloc(0);
  }

  encode(kind: Message["kind"], window: number, sequence: number, scheduledNs: number, sentNs: number): Payload {
    return this.#kind === "text"
      ? this.#encodeText(kind, window, sequence, scheduledNs, sentNs)
      : this.#encodeBinary(kind, window, sequence, scheduledNs, sentNs);
  }

  /** The header, or undefined if the payload is not one this cell sends, byte for byte. */
  decode(payload: Payload): Message | undefined {
    return typeof payload === "string" ? this.#decodeText(payload) : this.#decodeBinary(payload);
  }

  #encodeText(kind: Message["kind"], window: number, sequence: number, scheduledNs: number, sentNs: number): string {
    const late = textLatenessNs(scheduledNs, sentNs);
    return (
      (kind === "data" ? "m" : "e") +
      digits(window, 2) +
      digits(sequence, 9) +
      digits(Math.round(scheduledNs), 17) +
      digits(late, lateDigits) +
      this.#textFiller
    );
  }

  #decodeText(payload: string): Message | undefined {
    if (this.#kind !== "text" || payload.length !== this.#payloadBytes) return undefined;
    // Equality compares words of memory; `endsWith` goes by the character, which for 1 KiB takes fifty times as long.
    if (payload.slice(textHeaderChars) !== this.#textFiller) return undefined;
    const mark = payload.charCodeAt(0);
    if (mark !== 0x6d && mark !== 0x65) return undefined;
    const window = decimal(payload, 1, 3);
    const sequence = decimal(payload, 3, 12);
    const scheduledHigh = decimal(payload, 12, 20);
    const scheduledLow = decimal(payload, 20, 29);
    const lateHigh = decimal(payload, 29, 34);
    const lateLow = decimal(payload, 34, textHeaderChars);
    if ((window | sequence | scheduledHigh | scheduledLow | lateHigh | lateLow) < 0) return undefined;
    // A multiple of 1e9 is exact here, so that this rounds once, as reading all 17 digits does.
    const scheduledNs = scheduledHigh * 1e9 + scheduledLow;
    return this.#fill(mark === 0x6d, window, sequence, scheduledNs, scheduledNs + (lateHigh * 1e5 + lateLow));
  }

  #encodeBinary(kind: Message["kind"], window: number, sequence: number, scheduledNs: number, sentNs: number): Buffer {
    const bytes = Buffer.allocUnsafe(this.#payloadBytes);
    bytes[0] = kind === "data" ? 1 : 2;
    bytes[1] = window;
    bytes.writeUInt16BE(0, 2);
    bytes.writeUInt32BE(sequence, 4);
    bytes.writeDoubleBE(scheduledNs, 8);
    bytes.writeDoubleBE(sentNs - scheduledNs, 16);
    bytes.set(this.#binaryFiller, binaryHeaderBytes);
    return bytes;
  }

  #decodeBinary(payload: Uint8Array): Message | undefined {
    if (this.#kind !== "binary" || payload.byteLength !== this.#payloadBytes) return undefined;
    const bytes = asBuffer(payload);
    const mark = bytes[0];
    if ((mark !== 1 && mark !== 2) || this.#binaryFiller.compare(bytes, binaryHeaderBytes) !== 0) return undefined;
    const scheduledNs = bytes.readDoubleBE(8);
    const sentNs = scheduledNs + bytes.readDoubleBE(16);
    return this.#fill(mark === 1, bytes[1]!, bytes.readUInt32BE(4), scheduledNs, sentNs);
  }

  #fill(isData: boolean, window: number, sequence: number, scheduledNs: number, sentNs: number): Message {
    const message = this.#message;
    message.kind = isData ? "data" : "end";
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

const digits = (value: number, width: number): string => String(value).padStart(width, "0");

/**
 * Up to nine digits, as `digits` wrote them; -1 where a character is none. `Number` would also take blanks, signs and
 * exponents; and what fits into 32 bits costs a fraction.
 */
function decimal(text: string, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
