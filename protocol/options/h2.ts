import type { Options } from "../contract.ts";
import { close } from "./close.ts";
import { isOn, switchOption } from "./switch.ts";

/**
 * HTTP/2 (RFC 9113) in place of HTTP/1.1: everything of a user on one connection, each request a stream of it. Over TLS it
 * is agreed on in the handshake (ALPN), in clear both ends know beforehand (h2c by prior knowledge, section 3.3).
 */
export const h2 = switchOption({
  name: "h2",
  summary: "over HTTP/2, one connection per user; by ALPN with +tls, else by prior knowledge (h2c)",
  title: "over HTTP/2",
  excludes: { [close.name]: "HTTP/2 carries every request of a user on one connection" },
});

export const speaksHttp2 = (options: Options | undefined): boolean => isOn(h2, options);

/** Name of HTTP/2 in the TLS handshake (RFC 9113 section 3.1). */
export const http2Application = "h2";

/**
 * What each end lets the other send before it has taken it (RFC 9113 section 5.2), in bytes, for one request and for the
 * connection: those of Chrome, and on the server those of Go's, which few requests and no message here come near.
 */
export const http2Windows = {
  client: { stream: 6 * 1024 * 1024, connection: 15 * 1024 * 1024 },
  server: { stream: 1024 * 1024, connection: 1024 * 1024 },
} as const;
