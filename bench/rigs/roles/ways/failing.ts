/** Servers that take a request and end the connection without a word, and who asks them through a proxy. */
import { once } from "node:events";
import { request } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** A way to those servers for each method: a proxy remembers who failed. */
export type FailingOrder = Readonly<Record<keyof Requests, string>>;

/** How many arrived, at all of them together. */
export interface Requests {
  readonly GET: number;
  readonly POST: number;
}

const body = "once";
const answerMsMax = 5000;
/** Of one request; a proxy adds header fields of its own. */
const requestBytesMax = 16_384;

/** They listen before a proxy is told of them, so that their ports are nobody else's. */
export class FailingServers implements AsyncDisposable {
  readonly #arrived = { GET: 0, POST: 0 };
  readonly #servers: Server[] = [];

  static async listen(count: number): Promise<FailingServers> {
    const all = new FailingServers();
    try {
      for (let listening = 0; listening < count; listening++) {
        const server = createServer((socket) => all.#fail(socket)).listen(0, "127.0.0.1");
        all.#servers.push(server);
        await once(server, "listening");
      }
      return all;
    } catch (error) {
      await all[Symbol.asyncDispose]();
      throw error;
    }
  }

  get ports(): readonly number[] {
    return this.#servers.map((server) => (server.address() as AddressInfo).port);
  }

  /** Until now. */
  get arrived(): Requests {
    return { ...this.#arrived };
  }

  #fail(socket: Socket): void {
    let text = "";
    socket
      .on("error", () => {})
      .on("data", (bytes) => {
        text += bytes;
        const method = text.startsWith("POST ") ? "POST" : "GET";
        const isWhole = text.endsWith(method === "POST" ? `\r\n\r\n${body}` : "\r\n\r\n");
        if (isWhole) this.#arrived[method]++;
        if (isWhole || text.length > requestBytesMax) socket.destroy();
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) server.close();
  }
}

/** One request of each method; resolves when the proxy has given up on both, whatever it says then. */
export async function askFailing(ways: FailingOrder): Promise<void> {
  for (const method of ["GET", "POST"] as const) await ask(ways[method], method);
}

async function ask(url: string, method: keyof Requests): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { hostname, port } = new URL(url);
  const asking = request({ hostname, port, path: "/", method, agent: false, timeout: answerMsMax }, (response) => {
    response.resume().once("close", resolve);
  });
  asking.once("timeout", () => asking.destroy()).once("error", () => resolve());
  asking.setHeader("content-length", method === "POST" ? body.length : 0);
  asking.end(method === "POST" ? body : undefined);
  await promise;
}
