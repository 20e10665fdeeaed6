/** One direction of one connection through a relay: every byte read is written later, in order, as its link demands. */
import type { Socket } from "node:net";
import { nowNs } from "../../protocol/clock.ts";
import type { Line, Link } from "./link.ts";

/** What a line sends at once: a large read arrives piece by piece, as packets do. The payload of an Ethernet frame. */
const pieceBytesMax = 1460;

interface Piece {
  readonly bytes: Buffer;
  readonly readNs: number;
  /** Not before. */
  readonly dueNs: number;
}

export class Lane {
  readonly #link: Link;
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #line: Line = { freeNs: 0 };
  readonly #queue: Piece[] = [];
  #queuedBytes = 0;
  #lastDueNs = 0;
  readonly #fromNs: number;
  #timer: NodeJS.Timeout | undefined;
  #blocked = false;
  #stalled = false;
  /** Since the end of a stall: what waited for it is not the relay's own lateness. */
  #goesOnNs = 0;
  #ended = false;
  /** The end travels as bytes do. */
  #endDueNs = 0;

  /** Nothing leaves before `fromNs`: the connection is still being made. */
  constructor(link: Link, from: Socket, to: Socket, fromNs = 0) {
    this.#link = link;
    this.#fromNs = fromNs;
    this.#from = from;
    this.#to = to;
    from.on("data", (bytes: Buffer) => this.#take(bytes));
    from.once("end", () => {
      this.#ended = true;
      this.#endDueNs = Math.max(this.#lastDueNs, link.dueNs(0, Math.max(nowNs(), fromNs), 0, this.#line));
      this.#pump();
    });
    // Without an end it was reset, or destroyed by the relay itself: then nothing more gets through.
    from.once("close", () => {
      if (!this.#ended) to.destroy();
    });
    to.on("drain", () => {
      this.#blocked = false;
      this.#pump();
    });
    to.once("close", () => this.#stop());
  }

  /** Nothing is read and nothing written: what is under way waits, as it does for packets that are sent again. */
  stall(): void {
    this.#stalled = true;
    this.#from.pause();
  }

  goOn(): void {
    this.#stalled = false;
    this.#goesOnNs = nowNs();
    this.#pump();
  }

  #take(bytes: Buffer): void {
    const readNs = Math.max(nowNs(), this.#fromNs);
    const link = this.#link;
    this.#queuedBytes += bytes.length;
    const step = link.inPieces ? pieceBytesMax : bytes.length;
    for (let at = 0; at < bytes.length; at += step) {
      const piece = bytes.subarray(at, at + step);
      const followers = Math.ceil((bytes.length - at) / step) - 1;
      // A delay that is shorter than the one before lets nothing overtake.
      this.#lastDueNs = Math.max(this.#lastDueNs, link.dueNs(piece.length, readNs, followers, this.#line));
      this.#queue.push({ bytes: piece, readNs, dueNs: this.#lastDueNs });
    }
    this.#pump();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    if (this.#stalled) return;
    const now = nowNs();
    let done = 0;
    while (!this.#blocked && done < this.#queue.length && this.#queue[done]!.dueNs <= now) {
      const { bytes, readNs, dueNs } = this.#queue[done++]!;
      this.#queuedBytes -= bytes.length;
      this.#link.handedOn(bytes.length, now - readNs, now - Math.max(dueNs, this.#goesOnNs));
      this.#blocked = !this.#to.write(bytes);
    }
    this.#queue.splice(0, done);
    if (this.#queuedBytes > this.#link.bufferBytesMax) this.#from.pause();
    else if (!this.#ended) this.#from.resume();
    const next = this.#queue[0]?.dueNs ?? (this.#ended ? this.#endDueNs : undefined);
    if (next === undefined) return;
    if (this.#queue.length === 0 && next <= now) this.#to.end();
    else if (!this.#blocked) this.#timer = setTimeout(() => this.#pump(), Math.max(1, (next - now) / 1e6));
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#queue.length = 0;
    this.#from.destroy();
  }
}
