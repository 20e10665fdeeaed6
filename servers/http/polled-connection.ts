import type { ServerResponse } from "node:http";
import type { Payload } from "../../protocol/contract.ts";
import { encodeMessage } from "../../protocol/wires/json-message.ts";
import type { ServerWire } from "../connection/link.ts";
import { answerEmpty, answerJson, refuse } from "./answer.ts";
import { Mailbox } from "./mailbox.ts";

/** A request that waits for a message. */
interface HeldRequest {
  readonly response: ServerResponse;
  readonly timer: NodeJS.Timeout;
}

export interface PolledConnectionOptions {
  /** How long a request waits for a message, in milliseconds; 0 answers at once. */
  readonly holdMs: number;
  /** The peer has been told of the end, so nothing need be kept for it. */
  readonly gone: () => void;
}

/** The wire of a connection that has no stream: a mailbox, and for long polling the request that waits at it. */
export class PolledConnection implements ServerWire {
  readonly #mailbox = new Mailbox();
  readonly #options: PolledConnectionOptions;
  #held: HeldRequest | undefined;
  #ending = false;
  #answerScheduled = false;
  #lastRequestMs = performance.now();

  constructor(options: PolledConnectionOptions) {
    this.#options = options;
  }

  transmit(payload: Payload): void {
    this.#mailbox.add(encodeMessage(payload));
    this.#scheduleAnswer();
  }

  queuedBytes(): number {
    return this.#mailbox.bytes;
  }

  /** Undefined where no request is ever held. */
  isAwaited(): boolean | undefined {
    return this.#options.holdMs === 0 ? undefined : this.#held !== undefined;
  }

  /** What is in the mailbox is still delivered; the poll that finds it empty hears of the end. */
  end(): void {
    this.#ending = true;
    this.#scheduleAnswer();
  }

  endSlowConsumer(): void {
    this.#mailbox.clear();
    this.end();
  }

  /** Any request of the peer shows that it lives, and so does every piece of one. */
  touch(): void {
    this.#lastRequestMs = performance.now();
  }

  /** Time since the peer last asked for anything, in milliseconds; none passes while a request of it is held. */
  idleMs(now: number): number {
    return this.#held === undefined ? now - this.#lastRequestMs : 0;
  }

  /**
   * Answers with what follows `cursor`: 200 with a batch, 204 for nothing, 410 after the end, 409 for a cursor
   * that is unknown or forgotten. Of two requests held at once the newer waits and the older is answered 204: it
   * belongs to a peer that lost its connection and came back (as RFC 6202 section 2.2 leaves to the server).
   */
  poll(cursor: number, response: ServerResponse): void {
    this.touch();
    this.#release(answerEmpty);
    const known = this.#mailbox.forget(cursor);
    if (!known && !this.#ending) refuse(response, 409, `cursor ${cursor} cannot be continued`);
    else if (!this.#mailbox.isEmpty || this.#ending || this.#options.holdMs === 0) this.#answer(response);
    else this.#hold(response);
  }

  /** Lets go of a held request without waiting for a message; the peer is told that the connection is gone. */
  drop(): void {
    this.endSlowConsumer();
    this.#release((response) => this.#answer(response));
  }

  /** Messages sent in one turn leave in one answer: it is written when the turn's own code has run. */
  #scheduleAnswer(): void {
    if (this.#held === undefined || this.#answerScheduled) return;
    this.#answerScheduled = true;
    queueMicrotask(() => {
      this.#answerScheduled = false;
      this.#release((response) => this.#answer(response));
    });
  }

  #hold(response: ServerResponse): void {
    const timer = setTimeout(() => this.#release(answerEmpty), this.#options.holdMs).unref();
    const held = { response, timer };
    this.#held = held;
    response.once("close", () => {
      if (this.#held === held) this.#release(() => {});
    });
  }

  #release(answer: (response: ServerResponse) => void): void {
    if (this.#held === undefined) return;
    const { response, timer } = this.#held;
    this.#held = undefined;
    clearTimeout(timer);
    this.touch();
    answer(response);
  }

  #answer(response: ServerResponse): void {
    if (!this.#mailbox.isEmpty) answerJson(response, 200, this.#mailbox.batch());
    else if (!this.#ending) answerEmpty(response);
    else {
      refuse(response, 410, "the connection has ended");
      this.#options.gone();
    }
  }
}
