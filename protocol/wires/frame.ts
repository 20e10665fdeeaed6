/**
 * The wire of the `tcp` floor: the least that keeps messages apart and text apart from binary.
 * A frame is a 4-byte big-endian payload length, a 1-byte kind, the payload.
 */
import type { Payload } from "../contract.ts";

export const frameHeaderBytes = 5;
/** `refusal` is the last frame before a server closes and says why, in text. */
const kinds = { text: 0, binary: 1, refusal: 2 } as const;

export const frameKindOf = (payload: Payload): number => (typeof payload === "string" ? kinds.text : kinds.binary);
export const textFrame = kinds.text;

/** Writes a frame into a buffer; returns where it ends. `bytes` is what the payload takes as UTF-8. */
export function writeFrame(buffer: Buffer, at: number, kind: number, payload: Payload, bytes: number): number {
  const body = buffer.writeUInt32BE(bytes, at) + 1;
  buffer[body - 1] = kind;
  if (typeof payload !== "string") buffer.set(payload, body);
  else buffer.write(payload, body, payload.length === bytes ? "latin1" : "utf8");
  return body + bytes;
}

export function encodeFrame(payload: Payload): Buffer {
  return typeof payload === "string" ? frame(kinds.text, Buffer.from(payload)) : frame(kinds.binary, payload);
}

export const encodeRefusal = (reason: string): Buffer => frame(kinds.refusal, Buffer.from(reason));

function frame(kind: number, body: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(frameHeaderBytes + body.byteLength);
  bytes.writeUInt32BE(body.byteLength, 0);
  bytes[4] = kind;
  bytes.set(body, frameHeaderBytes);
  return bytes;
}

/** Bytes handed over are only lent where the chunks pushed are. */
export interface FrameListener {
  message(payload: Payload): void;
  /** Where given, texts are handed over as their bytes. */
  text?(utf8: Buffer): void;
  refusal(reason: string): void;
  /** The peer broke the framing; nothing more will be parsed. */
  malformed(reason: string): void;
}

/** Cuts a byte stream into frames; holds at most one frame of `payloadBytesMax`. */
export class FrameParser {
  readonly #payloadBytesMax: number;
  readonly #listener: FrameListener;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #neededBytes = frameHeaderBytes;
  #broken = false;

  constructor(payloadBytesMax: number, listener: FrameListener) {
    this.#payloadBytesMax = payloadBytesMax;
    this.#listener = listener;
  }

  /** The chunk is free again when it returns. */
  push(chunk: Buffer): void {
    if (this.#broken) return;
    this.#pendingBytes += chunk.byteLength;
    if (this.#pendingBytes < this.#neededBytes) {
      this.#pending.push(Buffer.from(chunk));
      return;
    }
    const rest = this.#parse(this.#pending.length === 0 ? chunk : Buffer.concat([...this.#pending, chunk]));
    this.#pending = rest.byteLength > 0 ? [Buffer.from(rest)] : [];
    this.#pendingBytes = rest.byteLength;
  }

  #parse(bytes: Buffer): Buffer {
    let at = 0;
    this.#neededBytes = frameHeaderBytes;
    while (bytes.byteLength - at >= frameHeaderBytes) {
      const length = bytes.readUInt32BE(at);
      const kind = bytes[at + 4];
      if (length > this.#payloadBytesMax) {
        return this.#stop(`frame of ${length} bytes is over the limit of ${this.#payloadBytesMax}`);
      }
      if (kind !== kinds.text && kind !== kinds.binary && kind !== kinds.refusal) {
        return this.#stop(`unknown frame kind ${kind}`);
      }
      const end = at + frameHeaderBytes + length;
      if (end > bytes.byteLength) {
        this.#neededBytes = end - at;
        break;
      }
      const body = bytes.subarray(at + frameHeaderBytes, end);
      if (kind === kinds.binary) this.#listener.message(body);
      else if (kind === kinds.text) {
        if (this.#listener.text) this.#listener.text(body);
        else this.#listener.message(body.toString());
      } else this.#listener.refusal(body.toString());
      at = end;
    }
    return bytes.subarray(at);
  }

  #stop(reason: string): Buffer {
    this.#broken = true;
    this.#listener.malformed(reason);
    return Buffer.alloc(0);
  }
}
