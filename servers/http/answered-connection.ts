import type { ServerResponse } from "node:http";
import type { Payload } from "../../protocol/contract.ts";
import { encodeMessage, encodeMessages } from "../../protocol/wires/json-message.ts";
import type { ServerWire } from "../connection/link.ts";
import { answerDone, answerJson, refuse } from "./answer.ts";

/** The wire of a connection whose peer hears only what answers its own requests: what is sent waits for the next response. */
export class AnsweredConnection implements ServerWire {
  readonly #gone: () => void;
  #messages: string[] = [];
  #bytes = 0;
  #ending = false;
  #lastRequestMs = performance.now();
  /** Transport connections that brought requests and are open. */
  #carriers = 0;

  /** `gone`: the peer has been told of the end, so nothing need be kept for it. */
  constructor(gone: () => void) {
    this.#gone = gone;
  }

  transmit(payload: Payload): void {
    const message = encodeMessage(payload);
    this.#messages.push(message);
    this.#bytes += Buffer.byteLength(message);
  }

  queuedBytes(): number {
    return this.#bytes;
  }

  /** The response to the request that is being handled says so, or that to the next. */
  end(): void {
    this.#ending = true;
  }

  endSlowConsumer(): void {
    this.#take();
    this.end();
  }

  /** Responds with all that was sent since the last response: 200, or 204 for nothing; 410 with the last words after the end. */
  answer(response: ServerResponse): void {
    const messages = this.#take();
    if (!this.#ending) {
      if (messages.length > 0) answerJson(response, 200, encodeMessages(messages));
      else answerDone(response);
      return;
    }
    if (messages.length > 0) answerJson(response, 410, encodeMessages(messages));
    else refuse(response, 410, "the connection has ended");
    this.#gone();
  }

  /** A request came. Call what is returned when the transport connection that brought it has closed. */
  carried(): () => void {
    this.#carriers++;
    this.touch();
    return () => {
      this.#carriers--;
      this.touch();
    };
  }

  touch(): void {
    this.#lastRequestMs = performance.now();
  }

  /** Time since the peer was last there, in milliseconds: none passes while a transport connection of it is open, before the end. */
  idleMs(now: number): number {
    return this.#carriers > 0 && !this.#ending ? 0 : now - this.#lastRequestMs;
  }

  #take(): string[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    return messages;
  }
}
