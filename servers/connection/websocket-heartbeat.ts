import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import { Heartbeat } from "./heartbeat.ts";

/**
 * Pings (RFC 6455 section 5.5.2) at such an interval, unless it is undefined, and cuts a peer off that gives no sign of life.
 * `socket` is the one below.
 */
export function pingRegularly(webSocket: WebSocket, socket: Socket, everyMs: number | undefined): void {
  if (everyMs === undefined) return;
  new Heartbeat(socket, everyMs, {
    beat: () => webSocket.ping(),
    lost: () => webSocket.terminate(),
  });
}
