import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { addressOf } from "../../protocol/address.ts";

/** Nothing a server hears keeps it busy for so long; its own limits for a peer are far below. */
export const patienceMs = 20_000;

/** A client's TCP connection that says what it is told to and keeps what it hears. */
export class RawConnection implements Disposable {
  readonly #socket: Socket;
  readonly #heard: Buffer[] = [];
  #more = Promise.withResolvers<void>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      this.#heard.push(chunk);
      this.#more.resolve();
    });
    socket.on("close", () => this.#more.resolve());
  }

  static async to(url: string): Promise<RawConnection> {
    const socket = connect({ ...addressOf(url), noDelay: true });
    await once(socket, "connect");
    return new RawConnection(socket);
  }

  get heard(): Buffer {
    return Buffer.concat(this.#heard);
  }

  /** What was heard until now. */
  forget(): void {
    this.#heard.length = 0;
  }

  write(bytes: string | Buffer): void {
    this.#socket.write(bytes);
  }

  /** In turns, so that the chunks mostly arrive as such. */
  async writeAll(chunks: Iterable<Buffer>): Promise<void> {
    for (const chunk of chunks) {
      this.#socket.write(chunk);
      await turn();
    }
  }

  /** Resolves when it was heard, the server has closed, or nothing more is to be expected. */
  async until(pattern: RegExp): Promise<void> {
    await this.when(() => pattern.test(this.heard.toString()));
  }

  /** Ends this side; resolves with all that was heard when the server has closed, or undefined if it never does. */
  async end(): Promise<Buffer | undefined> {
    this.#socket.end();
    return (await this.when(() => false)) ? this.heard : undefined;
  }

  /** Resolves when it is true or the server has closed. False if it has not become true, and the server has not closed, in all the time there is. */
  async when(condition: () => boolean): Promise<boolean> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#socket.destroy();
    }, patienceMs);
    while (!condition() && !this.#socket.closed) {
      await this.#more.promise;
      this.#more = Promise.withResolvers();
    }
    clearTimeout(timer);
    return !late;
  }

  /** Loses the connection, maybe before all of it was written. */
  cut(): void {
    this.#socket.resetAndDestroy();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
