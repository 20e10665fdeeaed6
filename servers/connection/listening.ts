import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Writable } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import type { Limits } from "../../protocol/contract.ts";
import { limitHandshakes, type ServerTls } from "./tls.ts";

/**
 * A server of bare connections, each through TLS where that is asked for: `serve` gets a socket that can be spoken on.
 * TCP_NODELAY, and a peer that ends its side has ended the connection.
 */
export function createListener(tls: ServerTls | undefined, limits: Limits, serve: (socket: Socket) => void): Server {
  const options = { noDelay: true, allowHalfOpen: false };
  if (tls === undefined) return createServer(options, serve);
  const server = createTlsServer({ ...options, ...tls }, serve);
  limitHandshakes(server, limits);
  return server;
}

/** Binds and resolves with the authority part of the server's URL; rejects with the bind error. */
export async function listenOn(server: Server, host: string, port: number): Promise<string> {
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address() as AddressInfo;
  return `${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`;
}

/** Every socket a server has accepted, before any TLS on it, so that closing it leaves none behind. */
export function trackSockets(server: Server): Set<Socket> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return sockets;
}

/** Stops listening, destroys what is still open, resolves when the port is free. Safe to call twice. */
export async function closeServer(server: Server, sockets: Iterable<Socket>): Promise<void> {
  const closed = server.listening ? once(server, "close") : undefined;
  if (server.listening) server.close();
  for (const socket of sockets) socket.destroy();
  await closed;
}

/** Destroys what its peer keeps open for longer than `ms` although this side has ended it. */
export function destroyAfter(ended: Writable, ms: number): void {
  const timer = setTimeout(() => ended.destroy(), ms);
  ended.once("close", () => clearTimeout(timer));
}
