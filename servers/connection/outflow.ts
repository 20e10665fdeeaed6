import type { Socket } from "node:net";

/** How what this side sends gets on, in bytes. */
export interface Outflow {
  /** For the peer, not yet taken by the kernel: none while its send buffer has room. */
  readonly waiting: number;
  /** Taken by the kernel so far. While some wait, it only grows as the peer's host acknowledges what came before. */
  readonly taken: number;
}

/** What Node's own idle timeout goes by (`net.Socket.setTimeout`); not documented, and absent once a socket is closed. */
interface Handle {
  readonly writeQueueSize: number;
  readonly bytesWritten: number;
}

/** Of the TCP connection below, where there is TLS. What lies in the kernel's send buffer cannot be seen from here. */
export function outflow(socket: Socket): Outflow {
  const carrier: Socket = Reflect.get(socket, "_parent") ?? socket;
  const handle: Handle | null | undefined = Reflect.get(carrier, "_handle");
  const waiting = handle?.writeQueueSize ?? 0;
  return { waiting, taken: (handle?.bytesWritten ?? 0) - waiting };
}
