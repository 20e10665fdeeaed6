import type { Socket } from "node:net";
import { buildConnector, Client } from "undici";

/** One connection of undici, opened by the first request and again if the server closes it. */
export interface HttpConnection {
  readonly client: Client;
  /** Closes it at once, even where its handshake is under way; requests without an answer fail. Idempotent. */
  destroy(): void;
}

/**
 * Connects nothing yet. `origin` is scheme, host and port. No TLS session is resumed, not even by a connection that
 * follows another.
 */
export function httpConnection(origin: string, options: Client.Options): HttpConnection {
  const connect = buildConnector({ maxCachedSessions: 0 });
  let socket: Socket | undefined;
  const client = new Client(origin, {
    ...options,
    connect(target, connected) {
      // Returned, though its type does not say so. undici waits for a TLS handshake before it ends a client.
      socket = connect(target, connected) as unknown as Socket | undefined;
    },
  });
  return {
    client,
    destroy() {
      void client.destroy();
      socket?.destroy();
    },
  };
}
