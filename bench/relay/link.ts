/** What is imposed on one direction of a relay, on all its connections together as by one cable or on each by itself, and what came of it. */
import { LatencyHistogram } from "../../load/recording/latency.ts";
import { seededRandom } from "../../protocol/random.ts";

/** Zero and absent: nothing is imposed. */
export interface Impairment {
  /** From the last bit on the line to the other end. */
  readonly delayMs?: number;
  /** By how much that is longer or shorter at most, evenly spread. */
  readonly jitterMs?: number;
  /** What a line carries. */
  readonly bytesPerSecond?: number;
  /** Every connection has a line of its own; else they share one. */
  readonly isLineOwn?: boolean;
  /** Share of the pieces whose first sending is lost: they come after a retransmission, and what follows waits for them. */
  readonly lossShare?: number;
  /** A sender learns so late that one of several pieces was lost (fast retransmit, RFC 5681 section 3.2): the round trip. */
  readonly fastRetransmitMs?: number;
  /** And so late where nothing followed that could tell (RFC 6298). */
  readonly timeoutMs?: number;
}

/** What really happened, since the relay began. */
export interface LinkReading {
  readonly bytes: number;
  /** Pieces that were sent again. */
  readonly retransmissions: number;
  /** From reading to handing on, of each piece; HdrHistogram V2 base64, nanoseconds. Absent before the first. */
  readonly imposed?: string;
  /** Handed on after it was due, which is the relay's own doing. Absent before the first. */
  readonly late?: string;
}

/** Read and not handed on yet, per connection: beyond it the sender has to wait, as behind the queue of a router. */
const bufferBytesMax = 256 * 1024;
/** Pieces behind a lost one that make its sender send it again at once: three duplicate acknowledgements (RFC 5681). */
const followersMin = 3;

/** Bytes leave it one after the other. */
export interface Line {
  freeNs: number;
}

export class Link {
  readonly bufferBytesMax = bufferBytesMax;
  readonly #random: () => number;
  #impairment: Impairment = {};
  readonly #shared: Line = { freeNs: 0 };
  #bytes = 0;
  #retransmissions = 0;
  readonly #imposed = new LatencyHistogram();
  readonly #late = new LatencyHistogram();

  constructor(seed = 1) {
    this.#random = seededRandom(seed);
  }

  impose(impairment: Impairment): void {
    this.#impairment = impairment;
    this.#shared.freeNs = 0;
  }

  /** Whether bytes that are read together may arrive apart, so that they must be taken piece by piece. */
  get inPieces(): boolean {
    const { bytesPerSecond = 0, lossShare = 0 } = this.#impairment;
    return bytesPerSecond > 0 || lossShare > 0;
  }

  /**
   * When so many bytes are through that were read now, so many pieces behind them: one after the other onto the line, then
   * along it. `own` is the line of their connection, for where it has one.
   */
  dueNs(bytes: number, readNs: number, followers: number, own: Line = this.#shared): number {
    const { delayMs = 0, jitterMs = 0, bytesPerSecond = 0, isLineOwn = false, lossShare = 0 } = this.#impairment;
    const line = isLineOwn ? own : this.#shared;
    let sentNs = readNs;
    if (bytesPerSecond > 0) {
      line.freeNs = Math.max(line.freeNs, readNs) + (bytes * 1e9) / bytesPerSecond;
      sentNs = line.freeNs;
    }
    const swayMs = jitterMs === 0 ? 0 : (2 * this.#random() - 1) * jitterMs;
    const againMs = lossShare > 0 && this.#random() < lossShare ? this.#retransmissionMs(followers) : 0;
    return sentNs + (delayMs + swayMs + againMs) * 1e6;
  }

  handedOn(bytes: number, afterNs: number, lateNs: number): void {
    this.#bytes += bytes;
    this.#imposed.record(afterNs);
    this.#late.record(lateNs);
  }

  read(): LinkReading {
    const known = this.#imposed.count > 0;
    return {
      bytes: this.#bytes,
      retransmissions: this.#retransmissions,
      ...(known && { imposed: this.#imposed.encode(), late: this.#late.encode() }),
    };
  }

  #retransmissionMs(followers: number): number {
    this.#retransmissions++;
    const { fastRetransmitMs = 0, timeoutMs = 0 } = this.#impairment;
    return followers >= followersMin ? fastRetransmitMs : timeoutMs;
  }
}
