import { WirebenchError } from "../../../protocol/errors.ts";

export interface OpeningOptions {
  /** Each of them ends the opening. */
  readonly cancelledBy: readonly AbortSignal[];
  readonly waitMs: number;
}

/**
 * One opening of a session. Its signal fires when the opening takes too long or nobody wants it any more, and never
 * again once this is disposed: what a session leaves hanging on the signal can then no longer end it.
 */
export class Opening implements Disposable {
  readonly #controller = new AbortController();
  readonly #cancelledBy: readonly AbortSignal[];
  readonly #timer: NodeJS.Timeout;
  readonly #abort = (): void => {
    this[Symbol.dispose]();
    this.#controller.abort(new WirebenchError("connect-failed", "no subscription in time"));
  };

  constructor({ cancelledBy, waitMs }: OpeningOptions) {
    this.#cancelledBy = cancelledBy;
    this.#timer = setTimeout(this.#abort, waitMs);
    for (const signal of cancelledBy) signal.addEventListener("abort", this.#abort);
    if (cancelledBy.some(({ aborted }) => aborted)) this.#abort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const signal of this.#cancelledBy) signal.removeEventListener("abort", this.#abort);
  }
}
