import type { WebSocket } from "ws";
import { Heartbeat } from "./heartbeat.ts";

/** Pings (RFC 6455 section 5.5.2) at such an interval, unless it is undefined, and cuts a peer off that does not answer. */
export function pingRegularly(webSocket: WebSocket, everyMs: number | undefined): void {
  if (everyMs === undefined) return;
  const heartbeat = new Heartbeat(everyMs, {
    beat: () => webSocket.ping(),
    lost: () => webSocket.terminate(),
  });
  webSocket.on("pong", () => heartbeat.heard());
  webSocket.on("message", () => heartbeat.heard());
  webSocket.on("close", () => heartbeat.stop());
}
