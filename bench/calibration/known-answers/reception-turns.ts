import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

/** Tells whether the bytes that came last to a client of this process came in the current turn of the event loop. */
export class ReceptionTurns implements Disposable {
  #turn = 0;
  #arrivalTurn = -1;
  #immediate: NodeJS.Immediate;
  readonly #track = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    const push = socket.push;
    // What every read of a socket calls, whether a library listens for data or asks for it.
    socket.push = (chunk, encoding) => {
      this.#arrivalTurn = this.#turn;
      return push.call(socket, chunk, encoding);
    };
  };

  constructor() {
    subscribe("net.client.socket", this.#track);
    const next = (): void => {
      this.#turn++;
      this.#immediate = setImmediate(next);
    };
    this.#immediate = setImmediate(next);
  }

  get isOfArrival(): boolean {
    return this.#arrivalTurn === this.#turn;
  }

  [Symbol.dispose](): void {
    unsubscribe("net.client.socket", this.#track);
    clearImmediate(this.#immediate);
  }
}
