import type { Options } from "../contract.ts";
import { isOn, switchOption } from "./switch.ts";

/**
 * Every request says `Connection: close` (RFC 9112 section 9.6) and has a connection of its own, as in HTTP/1.0: a TCP
 * handshake each, and with TLS a full one of that, too. A response that never ends keeps its connection.
 */
export const close = switchOption({
  name: "close",
  summary: "a new HTTP connection for every request",
  title: "with a connection per request",
});

export const closesConnections = (options: Options | undefined): boolean => isOn(close, options);
