import type { Element } from "@xmpp/xml";

/** Elements that wait for a login which has asked for none of them. */
const elementsMax = 1000;

/** Stream elements in order, for a login that asks for one after the other; none is missed between two awaits. */
export class Inbox {
  #elements: Element[] = [];
  #waiting: { resolve: (element: Element) => void; reject: (cause: Error) => void } | undefined;
  #failure: Error | undefined;

  /** Ignored after a failure: what caused it says more. */
  push(element: Element): void {
    if (this.#failure !== undefined) return;
    if (this.#waiting !== undefined) this.#waiting.resolve(element);
    else if (this.#elements.length < elementsMax) this.#elements.push(element);
    else this.fail(new Error(`the server sent more than ${elementsMax} elements nobody asked for`));
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

  /** Takes out what nobody has asked for. */
  rest(): Element[] {
    const elements = this.#elements;
    this.#elements = [];
    return elements;
  }
}
