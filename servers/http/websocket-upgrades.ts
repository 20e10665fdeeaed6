import type { IncomingMessage, RequestListener, Server } from "node:http";
import { type ServerOptions, type WebSocket, WebSocketServer } from "ws";
import type { Limits } from "../../protocol/contract.ts";
import { refuse } from "./answer.ts";

/** What differs from protocol to protocol. */
export type Upgrades = Pick<ServerOptions, "maxPayload" | "perMessageDeflate" | "verifyClient" | "handleProtocols">;

/** Has the `ws` library take the upgrades of an HTTP server, of any kind, and hands over every connection. */
export function serveUpgrades(
  server: Server,
  { handshakeMs }: Limits,
  options: Upgrades,
  serve: (webSocket: WebSocket, request: IncomingMessage) => void,
): void {
  // How long a peer may take to answer a close frame; not among the types of `ws` yet.
  const closing = { closeTimeout: handshakeMs };
  const webSocketServer = new WebSocketServer({ ...options, ...closing, server, clientTracking: false });
  webSocketServer.on("connection", serve);
  // `ws` hands on the errors of the HTTP server, of which `listenOn` tells the caller; unheard they would be thrown.
  webSocketServer.on("error", () => {});
}

/** What answers requests that are no upgrade (RFC 9110 section 15.5.22); `what` is the endpoint, in words. */
export const upgradeRequired =
  (what: string): RequestListener =>
  (_request, response) =>
    refuse(response, 426, `this is ${what}`, { connection: "upgrade, close", upgrade: "websocket" });
