import type { CloseReason, Payload } from "../../protocol/contract.ts";
import { describeError } from "../../protocol/errors.ts";
import { encodeMessage, encodeMessages } from "../../protocol/wires/json-message.ts";
import { unexpectedAnswer } from "./answers.ts";
import type { Exchange } from "./exchange.ts";

export interface UplinkOptions {
  readonly exchange: Exchange;
  /** Where messages are posted. */
  readonly path: string;
  /** Largest body the server takes, in bytes. */
  readonly bodyBytesMax: number;
  /** A request failed or was refused: messages are lost, and nothing more will be posted. */
  readonly failed: (reason: CloseReason) => void;
}

/**
 * The way to the server for every HTTP protocol: one `POST` at a time, so order is kept. A message leaves at once
 * if no request is in flight; those that come meanwhile wait and leave together in the next one (as in Engine.IO's
 * polling), as many as the server's body limit allows.
 */
export class Uplink {
  readonly #options: UplinkOptions;
  #queue: { readonly json: string; readonly bytes: number }[] = [];
  #queuedBytes = 0;
  #posts = 0;
  #state: "resting" | "posting" | "failed" = "resting";
  #onRest: (() => void)[] = [];

  constructor(options: UplinkOptions) {
    this.#options = options;
  }

  /** Bytes of the messages that wait for the request in flight, as they will travel. */
  get bufferedBytes(): number {
    return this.#queuedBytes;
  }

  /** Requests so far that carried messages. */
  get posts(): number {
    return this.#posts;
  }

  send(payload: Payload): void {
    const json = encodeMessage(payload);
    const bytes = Buffer.byteLength(json);
    this.#queue.push({ json, bytes });
    this.#queuedBytes += bytes;
    if (this.#state === "resting") this.#post();
  }

  /** Resolves when everything sent so far was answered, or has failed. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#state === "posting") this.#onRest.push(resolve);
      else resolve();
    });
  }

  #post(): void {
    const { exchange, path, failed } = this.#options;
    this.#state = "posting";
    this.#posts++;
    exchange.start(
      { method: "POST", path, json: encodeMessages(this.#nextBatch()) },
      {
        answered: (answer) => {
          if (answer.status !== 204) {
            this.#rest("failed");
            failed(unexpectedAnswer(answer));
          } else if (this.#queue.length > 0) this.#post();
          else this.#rest("resting");
        },
        failed: (cause) => {
          this.#rest("failed");
          failed({ by: "network", message: describeError(cause) });
        },
      },
    );
  }

  #rest(state: "resting" | "failed"): void {
    this.#state = state;
    for (const resolve of this.#onRest.splice(0)) resolve();
  }

  /** Takes as many messages off the queue as fit into one body; one always does. */
  #nextBatch(): string[] {
    // The brackets, less the comma that the last message does not need.
    let bodyBytes = 1;
    let count = 0;
    for (const { bytes } of this.#queue) {
      bodyBytes += bytes + 1;
      if (count > 0 && bodyBytes > this.#options.bodyBytesMax) break;
      this.#queuedBytes -= bytes;
      count += 1;
    }
    return this.#queue.splice(0, count).map(({ json }) => json);
  }
}
