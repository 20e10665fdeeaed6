/** Servers that take a request and end the connection without a word, and who asks them through a proxy. */
import { once } from "node:events";
import { request } from "node:http";
import { createServer, type Server, type Socket } from "node:net";

export interface FailingOrder {
  /** Where they listen. */
  readonly ports: readonly number[];
  /** A way to them for each method: a proxy remembers who failed. */
  readonly GET: string;
  readonly POST: string;
}

/** How many arrived, at all of them together. */
export interface Requests {
  readonly GET: number;
  readonly POST: number;
}

const body = "once";
const answerMsMax = 5000;

/** One request of each method. */
export async function askFailing({ ports, ...ways }: FailingOrder): Promise<Requests> {
  const arrived = { GET: 0, POST: 0 };
  const fail = (socket: Socket): void => {
    let text = "";
    socket
      .on("error", () => {})
      .on("data", (bytes) => {
        text += bytes;
        const method = text.startsWith("POST ") ? "POST" : "GET";
        const end = method === "POST" ? `\r\n\r\n${body}` : "\r\n\r\n";
        if (!text.endsWith(end)) return;
        arrived[method]++;
        socket.destroy();
      });
  };
  const servers: Server[] = [];
  try {
    for (const port of ports) {
      const server = createServer(fail).listen(port, "127.0.0.1");
      servers.push(server);
      await once(server, "listening");
    }
    for (const method of ["GET", "POST"] as const) await ask(ways[method], method);
    return arrived;
  } finally {
    for (const server of servers) server.close();
  }
}

/** Resolves when the proxy has given up, whatever it says then. */
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
