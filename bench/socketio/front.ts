import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** In front of the nodes: each connection goes to the next of them that takes it. */
export class Front implements AsyncDisposable {
  readonly #ports: readonly number[];
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((near) => this.#join(near, this.#next++, this.#ports.length));
  #next = 0;

  private constructor(ports: readonly number[]) {
    this.#ports = ports;
  }

  static async of(ports: readonly number[]): Promise<Front> {
    const front = new Front(ports);
    await once(front.#server.listen(0, "127.0.0.1"), "listening");
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #join(near: Socket, index: number, triesLeft: number): void {
    near.on("error", () => {});
    const far = connect(this.#ports[index % this.#ports.length]!, "127.0.0.1");
    let isThrough = false;
    far.once("connect", () => {
      isThrough = true;
      for (const socket of [near, far]) this.#sockets.add(socket.setNoDelay(true));
      near.pipe(far).pipe(near);
      near.once("close", () => far.destroy());
    });
    far.on("error", () => {});
    far.once("close", () => {
      for (const socket of [near, far]) this.#sockets.delete(socket);
      if (isThrough || triesLeft <= 1) near.destroy();
      else this.#join(near, index + 1, triesLeft - 1);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server.close(), "close");
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
