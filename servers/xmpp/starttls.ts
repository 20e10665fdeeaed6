/** The server's side of STARTTLS (RFC 6120 section 5), where it is required. */
import type { Socket } from "node:net";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import { type Element, xml } from "@xmpp/xml";
import type { ServerTls } from "../connection/tls.ts";
import { namespaces } from "./namespaces.ts";

/** One for all connections of a server: making it costs more than a handshake. */
export const starttlsContext = (tls: ServerTls): SecureContext => createSecureContext({ ...tls });

/** All that may be negotiated in clear (section 5.3.1). */
export const starttlsFeatures = (): Element =>
  xml("stream:features", {}, xml("starttls", { xmlns: namespaces.tls }, xml("required")));

export const asksForTls = (element: Element): boolean => element.is("starttls", namespaces.tls);

/** After it nothing is in clear (section 5.4.2.3). */
export const proceed = (): Element => xml("proceed", { xmlns: namespaces.tls });

/** What a client hears that logs in before the connection is secure (section 6.5.4). */
export const encryptionRequired = (): Element => xml("failure", { xmlns: namespaces.sasl }, xml("encryption-required"));

/** The server's end of TLS on a socket of which nobody reads any more; `done` is called when it can be spoken on. */
export function secure(socket: Socket, secureContext: SecureContext, done: () => void): Socket {
  return new TLSSocket(socket, { isServer: true, secureContext }).once("secure", done);
}
