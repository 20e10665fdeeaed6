import { createServer, type RequestListener, type Server } from "node:http";
import type { Http2SecureServer, Http2Server } from "node:http2";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { Limits, Options } from "../../protocol/contract.ts";
import { http2Application, speaksHttp2 } from "../../protocol/options/h2.ts";
import { limitHandshakes, type ServerTls } from "../connection/tls.ts";
import { createHttp2Server } from "./http2-server.ts";

/** What is spoken through TLS (ALPN, RFC 7301). */
export const httpApplication = "http/1.1";

/** The same, of a server that may speak HTTP/2. */
export const applicationOf = (options: Options | undefined): string =>
  speaksHttp2(options) ? http2Application : httpApplication;

/** Headers of one request, in bytes; Node answers 431 (RFC 6585 section 5) over it. */
const headerBytesMax = 16 * 1024;

/** The server that a target's options ask for, of whichever version of HTTP. */
export const createVersionedServer = (
  options: Options | undefined,
  limits: Limits,
  serve: RequestListener,
  tls: ServerTls | undefined,
): Server | TlsServer | Http2Server | Http2SecureServer =>
  speaksHttp2(options) ? createHttp2Server(limits, headerBytesMax, serve, tls) : createHttpServer(limits, serve, tls);

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
