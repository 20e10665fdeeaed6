import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Payload } from "../../protocol/contract.ts";

/** Writes a frame into the buffer from `at` on; returns where it ends. `bytes` is what the payload takes as UTF-8. */
export type EncodeFrame = (buffer: Buffer, at: number, kind: number, payload: Payload, bytes: number) => number;

const scratchBytes = 16 * 1024;
/** Of any framing here. */
const headerBytesMax = 16;

/** One for all connections of the process: frames lie in it no longer than the call that put them there. */
let scratch = Buffer.allocUnsafeSlow(scratchBytes);
let usedBytes = 0;
let owner: Outbox | undefined;

/** The way of frames to the kernel: encoded into one buffer, with one write for all that were put there together. */
export class Outbox {
  /** Calls that handed frames to the kernel. */
  writes = 0;
  readonly #socket: Socket;
  readonly #encode: EncodeFrame;
  #held = false;

  constructor(socket: Socket, encode: EncodeFrame) {
    this.#socket = socket;
    this.#encode = encode;
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength + (owner === this ? usedBytes : 0);
  }

  /** What `puts` puts leaves in one write when it returns. */
  together(puts: () => void): void {
    this.#held = true;
    try {
      puts();
    } finally {
      this.#held = false;
      this.#flush();
    }
  }

  put(kind: number, payload: Payload, bytes: number): void {
    if (owner !== undefined && owner !== this) owner.#flush();
    const needed = headerBytesMax + bytes;
    if (usedBytes + needed > scratchBytes) this.#flush();
    if (needed > scratchBytes) {
      const own = Buffer.allocUnsafeSlow(needed);
      this.#write(own.subarray(0, this.#encode(own, 0, kind, payload, bytes)));
      return;
    }
    owner = this;
    usedBytes = this.#encode(scratch, usedBytes, kind, payload, bytes);
    if (!this.#held) this.#flush();
  }

  #flush(): void {
    if (owner !== this) return;
    const frames = scratch.subarray(0, usedBytes);
    owner = undefined;
    usedBytes = 0;
    // Behind bytes that wait, or on the way into TLS records, these will wait too.
    const waits = this.#socket.writableLength > 0 || (this.#socket as Partial<TLSSocket>).encrypted === true;
    this.#write(waits ? Buffer.from(frames) : frames);
    // The kernel did not take all of it: the socket keeps this buffer until it does.
    if (!waits && this.#socket.writableLength > 0) scratch = Buffer.allocUnsafeSlow(scratchBytes);
  }

  #write(frames: Buffer): void {
    this.writes++;
    this.#socket.write(frames);
  }
}
