import type { Behaviour, ConnectionHandler, Limits, Payload, ServerConnection } from "../../protocol/contract.ts";
import { payloadBytes } from "../../protocol/wires/payload.ts";

/** The part of a connection only its protocol knows. */
export interface ServerWire {
  /** Hands one message to the socket (or puts it where the peer will fetch it). */
  transmit(payload: Payload, position?: string): void;
  /** Bytes accepted that the kernel or the peer has not taken yet. */
  queuedBytes(): number;
  /** Of a protocol that answers held requests: whether one is held now. Absent: there are none. */
  isAwaited?(): boolean | undefined;
  /** What the peer named when it came, if it came back. Absent: nothing. */
  readonly resumesFrom?: string | undefined;
  /**
   * Begins an orderly end in the protocol's own terms; the protocol calls `ended` when the peer has seen it. A protocol
   * that has a word for `restart` says it.
   */
  end(why?: "restart"): void;
  /** Ends a connection whose peer does not read, saying so in the protocol's own terms as far as it can still hear. */
  endSlowConsumer(): void;
}

/** What is the same for a connection of every protocol: bounds, and a behaviour that hears of the end exactly once. */
export class ServerLink implements ServerConnection {
  readonly #wire: ServerWire;
  readonly #limits: Limits;
  readonly #links: Set<ServerLink>;
  /** Unset while the behaviour opens the link, in which it may already send, overflow or close. */
  #handler: ConnectionHandler | undefined;
  #state: "open" | "closing" | "ended" = "open";
  #gaveUp = false;

  /** Opens the link: the behaviour is called, and may send, before this returns. `links` holds those not ended. */
  constructor(wire: ServerWire, behaviour: Behaviour, limits: Limits, links: Set<ServerLink>) {
    this.#wire = wire;
    this.#limits = limits;
    this.#links = links;
    links.add(this);
    const handler = behaviour(this);
    this.#handler = handler;
    if (this.#hasEnded) this.#tellEnd(handler);
  }

  /** Neither side has begun to end it. */
  get open(): boolean {
    return this.#state === "open";
  }

  get isAwaited(): boolean | undefined {
    return this.#wire.isAwaited?.();
  }

  get resumesFrom(): string | undefined {
    return this.#wire.resumesFrom;
  }

  get queuedBytes(): number {
    return this.#wire.queuedBytes();
  }

  send(payload: Payload, position?: string): void {
    if (!this.open) return;
    const bytes = payloadBytes(payload);
    if (bytes > this.#limits.payloadBytesMax) {
      throw new RangeError(`expected at most ${this.#limits.payloadBytesMax} payload bytes, got ${bytes}`);
    }
    if (this.#wire.queuedBytes() + bytes > this.#limits.queueBytesMax) this.giveUp();
    else this.#wire.transmit(payload, position);
  }

  /** Ends it because its peer takes too little of what it is sent. */
  giveUp(): void {
    if (this.#hasEnded) return;
    this.#gaveUp = true;
    this.ended();
    this.#wire.endSlowConsumer();
  }

  close(why?: "restart"): void {
    if (!this.open) return;
    this.#state = "closing";
    this.#wire.end(why);
  }

  /** The protocol received a whole message; what comes after this side closed is dropped. */
  receive(payload: Payload): void {
    if (this.open) this.#handler?.message(payload);
  }

  /** The protocol saw the connection end, for whatever reason; only the first call counts. */
  ended(): void {
    if (this.#hasEnded) return;
    this.#state = "ended";
    this.#links.delete(this);
    if (this.#handler !== undefined) this.#tellEnd(this.#handler);
  }

  #tellEnd(handler: ConnectionHandler): void {
    if (this.#gaveUp) handler.gaveUp?.();
    handler.closed();
  }

  get #hasEnded(): boolean {
    return this.#state === "ended";
  }
}
