import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { Limits } from "../../protocol/contract.ts";
import { limitHandshakes, type ServerTls } from "../connection/tls.ts";

/** What is spoken through TLS (ALPN, RFC 7301). */
export const httpApplication = "http/1.1";

/** Headers of one request, in bytes; Node answers 431 (RFC 6585 section 5) over it. */
const headerBytesMax = 16 * 1024;

/**
 * An HTTP/1.1 server (RFC 9112) with the bounds of the project. There is no `clientError` listener on purpose: only
 * without one does Node answer 400, 431 and 408 in the protocol's own terms before it closes.
 * Over TLS (RFC 9110 section 4.2.2) the time for the first request begins when the TLS handshake is done.
 */
export function createHttpServer(limits: Limits, serve: RequestListener, tls?: ServerTls): Server | TlsServer {
  const options = {
    noDelay: true,
    maxHeaderSize: headerBytesMax,
    headersTimeout: limits.handshakeMs,
    requestTimeout: limits.handshakeMs,
    connectionsCheckingInterval: Math.min(1000, limits.handshakeMs),
    // Longer than a user may be silent, so that no user pays for a second TCP handshake.
    keepAliveTimeout: limits.idleMs + 60_000,
  };
  if (tls === undefined) return createServer(options, serve);
  const server = createTlsServer({ ...options, ...tls }, serve);
  limitHandshakes(server, limits);
  return server;
}
