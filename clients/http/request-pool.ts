import type { CloseReason } from "../../protocol/contract.ts";
import { describeError } from "../../protocol/errors.ts";
import type { Answer, Exchange } from "./exchange.ts";

export interface RequestPoolOptions {
  /** Opens one that carries requests one after the other; where they are streams of one connection, always the same. */
  readonly exchange: () => Exchange;
  /** Requests under way at once. */
  readonly atOnce: number;
  /** Bytes of bodies under way at once; one request may be longer. */
  readonly bytesMax: number;
  /** Where the request with this number goes, counted from 0. */
  readonly path: (number: number) => string;
  /** In the order of the requests, whatever the order in which responses come. */
  readonly answered: (answer: Answer) => void;
  /** A request failed: nothing more is sent and nothing handed over. Called once at most. */
  readonly failed: (reason: CloseReason) => void;
}

interface Waiting {
  readonly json: string;
  readonly bytes: number;
}

/**
 * Requests of one user, several under way at once as in a browser: each on a keep-alive connection that carries no other
 * meanwhile, the one used last first, and a new one only where all are busy. What is more than that waits in order.
 */
export class RequestPool {
  readonly #options: RequestPoolOptions;
  readonly #exchanges = new Set<Exchange>();
  readonly #free: Exchange[] = [];
  readonly #queue: Waiting[] = [];
  /** By number, those that came before one that is still awaited. */
  readonly #early = new Map<number, Answer>();
  #queuedBytes = 0;
  #underWay = 0;
  #underWayBytes = 0;
  #started = 0;
  #handedOver = 0;
  #isOver = false;
  #onRest: (() => void)[] = [];

  /** `first`: opened already. */
  constructor(first: Exchange, options: RequestPoolOptions) {
    this.#options = options;
    this.#exchanges.add(first);
    this.#free.push(first);
  }

  /** Bytes of the messages that wait for a connection, as they will travel. */
  get bufferedBytes(): number {
    return this.#queuedBytes;
  }

  /** Requests so far. */
  get requests(): number {
    return this.#started;
  }

  /** Posts a body. */
  send(json: string): void {
    if (this.#isOver) return;
    const bytes = Buffer.byteLength(json);
    this.#queue.push({ json, bytes });
    this.#queuedBytes += bytes;
    this.#fill();
  }

  /** Resolves when everything sent so far was answered, or nothing is to be expected any more. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isResting) resolve();
      else this.#onRest.push(resolve);
    });
  }

  /** Closes all connections at once. Idempotent. */
  destroy(): void {
    this.#end();
    for (const exchange of this.#exchanges) exchange.destroy();
  }

  get #isResting(): boolean {
    return this.#isOver || (this.#underWay === 0 && this.#queue.length === 0);
  }

  #fill(): void {
    const { atOnce, bytesMax } = this.#options;
    // A response that waits for an earlier one counts as under way: the server keeps as many numbers ahead.
    while (this.#queue.length > 0 && this.#started - this.#handedOver < atOnce) {
      const [{ bytes }] = this.#queue as [Waiting];
      if (this.#underWay > 0 && this.#underWayBytes + bytes > bytesMax) return;
      this.#post(this.#queue.shift()!);
    }
  }

  #post({ json, bytes }: Waiting): void {
    const { path, failed } = this.#options;
    const number = this.#started++;
    const exchange = this.#free.pop() ?? this.#open();
    this.#queuedBytes -= bytes;
    this.#underWay++;
    this.#underWayBytes += bytes;
    exchange.start(
      { method: "POST", path: path(number), json },
      {
        answered: (answer) => {
          this.#underWay--;
          this.#underWayBytes -= bytes;
          this.#free.push(exchange);
          this.#early.set(number, answer);
          this.#handOver();
          if (this.#isOver) return;
          this.#fill();
          if (this.#isResting) this.#rest();
        },
        failed: (cause) => {
          if (this.#isOver) return;
          this.#end();
          failed({ by: "network", message: describeError(cause) });
        },
      },
    );
  }

  #open(): Exchange {
    const exchange = this.#options.exchange();
    this.#exchanges.add(exchange);
    return exchange;
  }

  #handOver(): void {
    for (;;) {
      const answer = this.#early.get(this.#handedOver);
      if (answer === undefined || this.#isOver) return;
      this.#early.delete(this.#handedOver++);
      this.#options.answered(answer);
    }
  }

  #end(): void {
    this.#isOver = true;
    this.#early.clear();
    this.#rest();
  }

  #rest(): void {
    for (const resolve of this.#onRest.splice(0)) resolve();
  }
}
