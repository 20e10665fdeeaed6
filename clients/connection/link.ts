import type { ClientConnection, CloseReason, Limits, Options, Payload } from "../../protocol/contract.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import { heartbeatMs } from "../../protocol/options/heartbeat.ts";
import { payloadBytes } from "../../protocol/wires/payload.ts";
import { watchSilence } from "./silence.ts";

/** The part of a client connection only its protocol knows. */
export interface ClientWire {
  /** `bytes` is what the payload takes as UTF-8. */
  transmit(payload: Payload, bytes: number): void;
  /** A text as UTF-8, which is only lent. */
  transmitText?(utf8: Uint8Array): void;
  /** What `sends` transmits leaves in one write. */
  together?(sends: () => void): void;
  /** Stops taking what comes, or goes on. */
  reads?(on: boolean): void;
  /** Writes that carried messages so far. Absent: one each. */
  writes?(): number;
  /** Bytes accepted but not yet handed to the kernel. */
  bufferedBytes(): number;
  /** Of the connection, as `ClientConnection.retryMs`. Absent: the protocol has no word for it. */
  retryMs?(): number | undefined;
  /** Begins an orderly end; the protocol calls `ended` when the peer has seen it. */
  end(): void;
  /** Drops the sockets at once. */
  destroy(): void;
}

/** For the peer to see an end and say so. */
export const closeWaitMs = 2000;

/** What is the same for a client connection of every protocol: its states and its bounds. */
export class ClientLink implements ClientConnection {
  readonly closed: Promise<CloseReason>;
  readonly compression: string | undefined;
  readonly sendText?: (utf8: Uint8Array) => void;
  readonly together?: (sends: () => void) => void;
  readonly reads?: (on: boolean) => void;
  readonly #wire: ClientWire;
  readonly #limits: Limits;
  #settle: (reason: CloseReason) => void = () => {};
  #messages = 0;
  #state: "open" | "closing" | "closed" = "open";

  constructor(wire: ClientWire, limits: Limits, compression?: string) {
    this.#wire = wire;
    this.#limits = limits;
    this.compression = compression;
    if (wire.transmitText) {
      this.sendText = (utf8) => {
        this.#admit(utf8.byteLength);
        wire.transmitText!(utf8);
      };
    }
    if (wire.reads) this.reads = (on) => wire.reads!(on);
    if (wire.together) this.together = (sends) => wire.together!(sends);
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get bufferedBytes(): number {
    return this.#wire.bufferedBytes();
  }

  get retryMs(): number | undefined {
    return this.#wire.retryMs?.();
  }

  get carried(): { messages: number; writes: number } {
    return { messages: this.#messages, writes: this.#wire.writes?.() ?? this.#messages };
  }

  send(payload: Payload): void {
    const bytes = payloadBytes(payload);
    this.#admit(bytes);
    this.#wire.transmit(payload, bytes);
  }

  /** Throws for a message that must not go. */
  #admit(bytes: number): void {
    if (this.#state !== "open") throw new WirebenchError("closed", "the connection has ended");
    if (bytes > this.#limits.payloadBytesMax) {
      throw new WirebenchError(
        "payload-too-large",
        `expected at most ${this.#limits.payloadBytesMax} payload bytes, got ${bytes}`,
      );
    }
    if (this.#wire.bufferedBytes() + bytes > this.#limits.queueBytesMax) {
      throw new WirebenchError(
        "queue-full",
        `more than ${this.#limits.queueBytesMax} bytes wait for a peer that does not read`,
      );
    }
    this.#messages++;
  }

  async close(): Promise<void> {
    if (this.#state === "open") {
      this.#state = "closing";
      this.#wire.end();
      const cut = setTimeout(() => this.ended({ by: "client", message: "closed without an answer" }), closeWaitMs);
      void this.closed.then(() => clearTimeout(cut));
    }
    await this.closed;
  }

  /**
   * Gives the server up once it has been silent for two intervals of the heartbeat that the target asks for. To be called
   * whenever something came from it, is what this returns.
   */
  watch(options: Options | undefined): () => void {
    const everyMs = heartbeatMs(options);
    return everyMs === undefined
      ? () => {}
      : watchSilence(2 * everyMs, this.closed, (message) => this.ended({ by: "network", message }));
  }

  /** The protocol saw the end. Only the first call counts; an end this side began is this side's. */
  ended(reason: CloseReason): void {
    if (this.#state === "closed") return;
    const byClient = this.#state === "closing";
    this.#state = "closed";
    this.#wire.destroy();
    this.#settle(byClient ? { by: "client", message: reason.message } : reason);
  }
}
