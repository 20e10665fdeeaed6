import type { WireByteCounter } from "../../../load/metering/wire-bytes.ts";

/** Tells whether bytes have come to the clients of this process in the current turn of the event loop. */
export class ReceptionTurns implements Disposable {
  readonly #counter: WireByteCounter;
  #before = 0;
  #immediate: NodeJS.Immediate;

  constructor(counter: WireByteCounter) {
    this.#counter = counter;
    // Once a turn, when its sockets have been read and before anything that this made wait for later.
    const endOfReading = (): void => {
      this.#before = counter.read().received;
      this.#immediate = setImmediate(endOfReading);
    };
    this.#immediate = setImmediate(endOfReading);
  }

  get haveBytes(): boolean {
    return this.#counter.read().received > this.#before;
  }

  [Symbol.dispose](): void {
    clearImmediate(this.#immediate);
  }
}
