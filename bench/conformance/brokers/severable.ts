import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to a broker that can be cut: the node loses it, the broker and the other nodes go on. */
export class SeverableRoute implements AsyncDisposable {
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => this.#join(socket));
  #severed = false;

  private constructor(target: URL) {
    this.#target = target;
  }

  static async to(url: string): Promise<SeverableRoute> {
    const route = new SeverableRoute(new URL(url));
    await once(route.#server.listen(0, "127.0.0.1"), "listening");
    return route;
  }

  get url(): string {
    return `${this.#target.protocol}//127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  sever(): void {
    this.#severed = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#severed = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.sever();
    await once(this.#server.close(), "close");
  }

  #join(near: Socket): void {
    const far = connect(Number(this.#target.port), this.#target.hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    if (this.#severed) near.destroy();
    else near.pipe(far).pipe(near);
  }
}
