/** Framing of RFC 6455 section 5, from a client's side: what it sends is masked, what it receives is not. */
import { isUtf8 } from "node:buffer";
import { randomFillSync } from "node:crypto";
import { endianness } from "node:os";
import type { Payload } from "../../protocol/contract.ts";

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

const fin = 0x80;
const reserved = 0x70;
const masked = 0x80;
const controlBytesMax = 125;
const isLittleEndian = endianness() === "LE";

/** Masking keys must not be foreseeable (section 5.3), and come cheaper by the thousand. */
const keys = new Uint8Array(4096);
let keyAt = keys.length;
/** The key of the current frame twice, so that it can be read from any of its bytes on. */
const key = new Uint8Array(8);
const keyView = new DataView(key.buffer);

/** Writes one frame, complete in itself; the buffer begins its own memory. */
export function encodeMaskedFrame(buffer: Buffer, at: number, opcode: number, payload: Payload, bytes: number): number {
  buffer[at++] = fin | opcode;
  if (bytes <= controlBytesMax) buffer[at++] = masked | bytes;
  else if (bytes < 65_536) {
    buffer[at++] = masked | 126;
    at = buffer.writeUInt16BE(bytes, at);
  } else {
    buffer[at++] = masked | 127;
    at = buffer.writeUInt32BE(0, at);
    at = buffer.writeUInt32BE(bytes, at);
  }
  if (keyAt === keys.length) {
    randomFillSync(keys);
    keyAt = 0;
  }
  for (let index = 0; index < 4; index++) buffer[at++] = key[index] = key[index + 4] = keys[keyAt++]!;
  if (typeof payload !== "string") buffer.set(payload, at);
  else buffer.write(payload, at, payload.length === bytes ? "latin1" : "utf8");
  mask(buffer, at, at + bytes);
  return at + bytes;
}

/** The memory of the buffer that was masked last, by words: mostly it is the next one's too. */
let words: Int32Array<ArrayBufferLike> = new Int32Array(0);

/** By words where it can: a byte at a time takes four times as long. */
function mask(buffer: Buffer, start: number, end: number): void {
  if (words.buffer !== buffer.buffer) words = new Int32Array(buffer.buffer, 0, buffer.buffer.byteLength >> 2);
  let at = start;
  while (at < end && (at & 3) !== 0) buffer[at]! ^= key[(at++ - start) & 3]!;
  const word = keyView.getInt32((at - start) & 3, isLittleEndian);
  const last = end >> 2;
  for (let index = at >> 2; index < last; index++) words[index]! ^= word;
  for (at = Math.max(at, last << 2); at < end; at++) buffer[at]! ^= key[(at - start) & 3]!;
}

/** What arrives. Bytes are only lent: what is to stay must be copied. */
export interface FrameListener {
  /** Valid UTF-8. */
  text(utf8: Buffer): void;
  binary(bytes: Buffer): void;
  ping(bytes: Buffer): void;
  /** 1005 stands for no code (section 7.1.5). Nothing more will be parsed. */
  close(code: number, reason: string): void;
  /** The peer broke the protocol, and is to be told so with this code. Nothing more will be parsed. */
  malformed(code: number, reason: string): void;
}

/** Cuts a byte stream into messages; holds at most one of `payloadBytesMax`. */
export class FrameReader {
  readonly #payloadBytesMax: number;
  readonly #listener: FrameListener;
  /** Of the frame that is not complete yet. */
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #neededBytes = 2;
  /** Of the message that is not complete yet; 0 where there is none. */
  #opcode = 0;
  #fragments: Buffer[] = [];
  #fragmentsBytes = 0;
  #ended = false;

  constructor(payloadBytesMax: number, listener: FrameListener) {
    this.#payloadBytesMax = payloadBytesMax;
    this.#listener = listener;
  }

  push(chunk: Buffer): void {
    if (this.#ended) return;
    let bytes = chunk;
    if (this.#pendingBytes > 0) {
      this.#keep(chunk);
      if (this.#pendingBytes < this.#neededBytes) return;
      bytes = Buffer.concat(this.#pending, this.#pendingBytes);
      this.#pending = [];
      this.#pendingBytes = 0;
    }
    let at = 0;
    while (!this.#ended) {
      const end = this.#frame(bytes, at);
      if (end === undefined) break;
      at = end;
    }
    if (!this.#ended && at < bytes.byteLength) this.#keep(bytes.subarray(at));
  }

  #keep(bytes: Buffer): void {
    this.#pending.push(Buffer.from(bytes));
    this.#pendingBytes += bytes.byteLength;
  }

  /** Where the frame ends that begins at `at`; undefined where it is not all there, with `#neededBytes` set. */
  #frame(bytes: Buffer, at: number): number | undefined {
    const available = bytes.byteLength - at;
    const isThere = (needed: number): boolean => {
      this.#neededBytes = needed;
      return available >= needed;
    };
    if (!isThere(2)) return undefined;
    const [first, second] = [bytes[at]!, bytes[at + 1]!];
    let length = second & 0x7f;
    const fault = this.#fault(first, second, length);
    if (fault !== undefined) return this.#refuse(1002, fault);
    let header = 2;
    if (length === 126) {
      if (!isThere(4)) return undefined;
      length = bytes.readUInt16BE(at + 2);
      header = 4;
    } else if (length === 127) {
      if (!isThere(10)) return undefined;
      length = bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6);
      header = 10;
    }
    if (this.#fragmentsBytes + length > this.#payloadBytesMax && (first & 8) === 0) {
      return this.#refuse(1009, `message over the limit of ${this.#payloadBytesMax} bytes`);
    }
    if (!isThere(header + length)) return undefined;
    const end = at + header + length;
    this.#take(first, bytes.subarray(at + header, end));
    return end;
  }

  /** Of the first two bytes of a frame. */
  #fault(first: number, second: number, length: number): string | undefined {
    const opcode = first & 0x0f;
    if ((first & reserved) !== 0) return "reserved bits are set, and no extension was agreed on";
    if ((second & masked) !== 0) return "a server must not mask";
    if (opcode >= opcodes.close) {
      if (opcode > opcodes.pong) return `unknown opcode ${opcode}`;
      if ((first & fin) === 0) return "a control frame must not be fragmented";
      return length > controlBytesMax ? "a control frame carries at most 125 bytes" : undefined;
    }
    if (opcode > opcodes.binary) return `unknown opcode ${opcode}`;
    if (opcode === opcodes.continuation) return this.#opcode === 0 ? "nothing to continue" : undefined;
    return this.#opcode === 0 ? undefined : "expected the rest of a fragmented message";
  }

  #take(first: number, body: Buffer): void {
    const opcode = first & 0x0f;
    if (opcode === opcodes.ping) this.#listener.ping(body);
    else if (opcode === opcodes.close) this.#close(body);
    else if (opcode === opcodes.pong) return;
    else if (opcode !== opcodes.continuation && (first & fin) !== 0) this.#message(opcode, body);
    else {
      if (opcode !== opcodes.continuation) this.#opcode = opcode;
      this.#fragments.push(Buffer.from(body));
      this.#fragmentsBytes += body.byteLength;
      if ((first & fin) === 0) return;
      const whole = Buffer.concat(this.#fragments, this.#fragmentsBytes);
      const kind = this.#opcode;
      this.#opcode = 0;
      this.#fragments = [];
      this.#fragmentsBytes = 0;
      this.#message(kind, whole);
    }
  }

  #message(opcode: number, body: Buffer): void {
    if (opcode === opcodes.binary) this.#listener.binary(body);
    else if (isUtf8(body)) this.#listener.text(body);
    else this.#refuse(1007, "a text is not valid UTF-8");
  }

  #close(body: Buffer): void {
    const code = body.byteLength < 2 ? 1005 : body.readUInt16BE(0);
    const reason = body.subarray(2);
    if (body.byteLength === 1 || (body.byteLength > 1 && !isSendable(code))) {
      this.#refuse(1002, `close code ${body.byteLength === 1 ? "of one byte" : code} is not allowed`);
    } else if (!isUtf8(reason)) this.#refuse(1007, "a close reason is not valid UTF-8");
    else {
      this.#ended = true;
      this.#listener.close(code, reason.toString());
    }
  }

  #refuse(code: number, reason: string): undefined {
    this.#ended = true;
    this.#listener.malformed(code, reason);
  }
}

/** Codes that a close frame may carry (section 7.4). */
const isSendable = (code: number): boolean =>
  (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code <= 4999);
