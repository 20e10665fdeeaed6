import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

/** Bytes that crossed the sockets of this process's clients: above TCP, below everything else. */
export interface WireBytes {
  sent: number;
  received: number;
}

/**
 * Counts the bytes of every TCP connection this process opens, whichever library opens it, through Node's own
 * `net.client.socket` channel. So no protocol has a say in how its bytes are counted, and foreign servers are
 * counted too.
 */
export class WireByteCounter {
  readonly #open = new Set<Socket>();
  readonly #closed: WireBytes = { sent: 0, received: 0 };

  constructor() {
    subscribe("net.client.socket", (message) => this.#track((message as { socket: Socket }).socket));
  }

  read(): WireBytes {
    const total = { ...this.#closed };
    for (const socket of this.#open) add(total, socket);
    return total;
  }

  #track(socket: Socket): void {
    this.#open.add(socket);
    socket.once("close", () => {
      this.#open.delete(socket);
      add(this.#closed, socket);
    });
  }
}

function add(total: WireBytes, socket: Socket): void {
  total.sent += socket.bytesWritten;
  total.received += socket.bytesRead;
}
