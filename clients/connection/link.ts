import type { ClientConnection, CloseReason, Limits, Payload } from "../../protocol/contract.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import { payloadBytes } from "../../protocol/wires/payload.ts";

/** The part of a client connection only its protocol knows. */
export interface ClientWire {
  transmit(payload: Payload): void;
  /** Bytes accepted but not yet handed to the kernel. */
  bufferedBytes(): number;
  /** Begins an orderly end; the protocol calls `ended` when the peer has seen it. */
  end(): void;
  /** Drops the sockets at once. */
  destroy(): void;
}

const closeWaitMs = 2000;

/** What is the same for a client connection of every protocol: its states and its bounds. */
export class ClientLink implements ClientConnection {
  readonly closed: Promise<CloseReason>;
  readonly compression: string | undefined;
  readonly #wire: ClientWire;
  readonly #limits: Limits;
  #settle: (reason: CloseReason) => void = () => {};
  #state: "open" | "closing" | "closed" = "open";

  constructor(wire: ClientWire, limits: Limits, compression?: string) {
    this.#wire = wire;
    this.#limits = limits;
    this.compression = compression;
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get bufferedBytes(): number {
    return this.#wire.bufferedBytes();
  }

  send(payload: Payload): void {
    if (this.#state !== "open") throw new WirebenchError("closed", "the connection has ended");
    const bytes = payloadBytes(payload);
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
    this.#wire.transmit(payload);
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

  /** The protocol saw the end. Only the first call counts; an end this side began is this side's. */
  ended(reason: CloseReason): void {
    if (this.#state === "closed") return;
    const byClient = this.#state === "closing";
    this.#state = "closed";
    this.#wire.destroy();
    this.#settle(byClient ? { by: "client", message: reason.message } : reason);
  }
}
