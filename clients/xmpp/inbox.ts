import type { Element } from "@xmpp/xml";

/** Stream elements in order, for a login that asks for one after the other; none is missed between two awaits. */
export class Inbox {
  readonly #elements: Element[] = [];
  #waiting: { resolve: (element: Element) => void; reject: (cause: Error) => void } | undefined;
  #failure: Error | undefined;

  /** Ignored after a failure: what caused it says more. */
  push(element: Element): void {
    if (this.#failure !== undefined) return;
    if (this.#waiting === undefined) this.#elements.push(element);
    else this.#waiting.resolve(element);
    this.#waiting = undefined;
  }

  /** Only the first call counts. */
  fail(cause: Error): void {
    this.#failure ??= cause;
    this.#waiting?.reject(this.#failure);
    this.#waiting = undefined;
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  next(): Promise<Element> {
    const element = this.#elements.shift();
    if (element !== undefined) return Promise.resolve(element);
    return new Promise((resolve, reject) => {
      if (this.#failure === undefined) this.#waiting = { resolve, reject };
      else reject(this.#failure);
    });
  }
}
