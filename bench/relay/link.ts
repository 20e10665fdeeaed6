/** What is imposed on one direction of a relay, by all its connections together as by one cable, and what came of it. */
import { LatencyHistogram } from "../../load/recording/latency.ts";

/** Zero and absent: nothing is imposed. */
export interface Impairment {
  /** From the last bit on the line to the other end. */
  readonly delayMs?: number;
  /** What the line carries; the connections share it. */
  readonly bytesPerSecond?: number;
}

/** What really happened, since the relay began. */
export interface LinkReading {
  readonly bytes: number;
  /** From reading to handing on, of each piece; HdrHistogram V2 base64, nanoseconds. Absent before the first. */
  readonly imposed?: string;
}

/** Read and not handed on yet, per connection: beyond it the sender has to wait, as behind the queue of a router. */
const bufferBytesMax = 256 * 1024;

export class Link {
  readonly bufferBytesMax = bufferBytesMax;
  #impairment: Impairment = {};
  #lineFreeNs = 0;
  #bytes = 0;
  readonly #imposed = new LatencyHistogram();

  impose(impairment: Impairment): void {
    this.#impairment = impairment;
    this.#lineFreeNs = 0;
  }

  get limited(): boolean {
    return (this.#impairment.bytesPerSecond ?? 0) > 0;
  }

  /** When so many bytes are through that were read now: one after the other onto the line, then along it. */
  dueNs(bytes: number, readNs: number): number {
    const { delayMs = 0, bytesPerSecond = 0 } = this.#impairment;
    if (bytesPerSecond > 0) {
      this.#lineFreeNs = Math.max(this.#lineFreeNs, readNs) + (bytes * 1e9) / bytesPerSecond;
      return this.#lineFreeNs + delayMs * 1e6;
    }
    return readNs + delayMs * 1e6;
  }

  handedOn(bytes: number, afterNs: number): void {
    this.#bytes += bytes;
    this.#imposed.record(afterNs);
  }

  read(): LinkReading {
    return { bytes: this.#bytes, ...(this.#imposed.count > 0 && { imposed: this.#imposed.encode() }) };
  }
}
