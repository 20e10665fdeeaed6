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
    const late = Math.min(lateMaxNs, Math.max(0, Math.round(sentNs - scheduledNs)));
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
    if (this.#kind !== "text" || payload.length !== this.#payloadBytes || !payload.endsWith(this.#textFiller)) {
      return undefined;
    }
    const mark = payload.charCodeAt(0);
    if (mark !== 0x6d && mark !== 0x65) return undefined;
    const window = Number(payload.slice(1, 3));
    const sequence = Number(payload.slice(3, 12));
    const scheduledNs = Number(payload.slice(12, 29));
    const late = Number(payload.slice(29, textHeaderChars));
    if (!Number.isInteger(window + sequence + scheduledNs + late)) return undefined;
    return this.#fill(mark === 0x6d, window, sequence, scheduledNs, scheduledNs + late);
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

const digits = (value: number, width: number): string => String(value).padStart(width, "0");
