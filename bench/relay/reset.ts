import type { Socket } from "node:net";

/**
 * Ends a connection by a reset, where it can be. One that is saying goodbye cannot: the library below Node.js refuses it
 * (`uv_tcp_close_reset`, EINVAL), and then neither the handle nor the process ever ends. It is closed instead.
 */
export function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
