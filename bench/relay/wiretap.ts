/** A way to a server on which every byte is heard: it counts round trips, and may change what the server says. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Direction } from "../../protocol/contract.ts";
import type { RelayTarget } from "./relay.ts";

export interface Overheard {
  /** How often bytes of the server followed bytes of the client, over all connections. The TCP handshake has none. */
  readonly roundTrips: number;
  /** Towards the server, and back. */
  readonly upBytes: number;
  readonly downBytes: number;
}

/** A piece of what was said: on which of the connections, from 1 by when they were made, and by whom. */
export interface Piece {
  readonly connection: number;
  readonly direction: Direction;
  readonly bytes: Buffer;
}

/** What becomes of a piece of what the server said. */
export type Change = (bytes: Buffer) => Buffer;

export class Wiretap implements AsyncDisposable {
  readonly #target: RelayTarget;
  readonly #change: Change;
  readonly #hear: (piece: Piece) => void;
  readonly #server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (near) =>
    this.#join(near),
  );
  readonly #sockets = new Set<Socket>();
  #asked = false;
  #roundTrips = 0;
  #upBytes = 0;
  #downBytes = 0;
  #connections = 0;

  private constructor(target: RelayTarget, change: Change, hear: (piece: Piece) => void) {
    this.#target = target;
    this.#change = change;
    this.#hear = hear;
  }

  /** Resolves when it listens on a free loopback port. `hear` is told of every piece before it is handed on. */
  static async on(
    target: RelayTarget,
    change: Change = (bytes) => bytes,
    hear: (piece: Piece) => void = () => {},
  ): Promise<Wiretap> {
    const tap = new Wiretap(target, change, hear);
    await once(tap.#server.listen(0, "127.0.0.1"), "listening");
    return tap;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Since it listens, or since this was asked last. */
  take(): Overheard {
    const heard = { roundTrips: this.#roundTrips, upBytes: this.#upBytes, downBytes: this.#downBytes };
    [this.#asked, this.#roundTrips, this.#upBytes, this.#downBytes] = [false, 0, 0, 0];
    return heard;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server.close(), "close");
  }

  #join(near: Socket): void {
    const connection = ++this.#connections;
    const far = connect({ ...this.#target, allowHalfOpen: true, noDelay: true });
    this.#carry(near, far, (bytes) => {
      this.#asked = true;
      this.#upBytes += bytes.length;
      this.#hear({ connection, direction: "up", bytes });
      return bytes;
    });
    this.#carry(far, near, (bytes) => {
      if (this.#asked) this.#roundTrips++;
      this.#asked = false;
      this.#downBytes += bytes.length;
      this.#hear({ connection, direction: "down", bytes });
      return this.#change(bytes);
    });
    near.resume();
  }

  /** Reads no faster than the other end takes it. */
  #carry(from: Socket, to: Socket, pass: Change): void {
    this.#sockets.add(from);
    from.on("error", () => {});
    from.on("data", (bytes: Buffer) => {
      if (!to.write(pass(bytes))) from.pause();
    });
    to.on("drain", () => from.resume());
    from.once("end", () => to.end());
    from.once("close", () => {
      this.#sockets.delete(from);
      to.destroySoon();
    });
  }
}
