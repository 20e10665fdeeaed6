import { channel } from "node:diagnostics_channel";
import { isIP, type Socket } from "node:net";
import { checkServerIdentity, connect, type TLSSocket } from "node:tls";
import type { XmppTarget } from "./target.ts";

/** XEP-0368 section 3: a port that serves several protocols tells by it what is spoken. */
const directTlsProtocol = "xmpp-client";

/** Where Node tells of the sockets of clients, so that their bytes and ciphers can be read; of upgrades it does not tell. */
const clientSockets = channel("net.client.socket");

/**
 * TLS on a connected socket: from the first byte on (`xmpps:`), or after `<proceed/>` (RFC 6120 section 5.4.3). Whoever
 * read the socket must have stopped. What came in clear is then read by nobody: the rest of what was read before is
 * dropped, and the rest of what comes is no TLS record. Emits `secureConnect`, or `error` with the cause.
 *
 * The certificate must be that of the XMPP domain (section 13.7.1.2) or of the host, which the user has named and nobody
 * has looked up. The domain is what the server is told (SNI), unless it is an address.
 */
export function encrypt(socket: Socket, { host, domain, tls }: XmppTarget): TLSSocket {
  const encrypted = connect({
    socket,
    ...(tls && { ALPNProtocols: [directTlsProtocol] }),
    ...(isIP(domain) === 0 && { servername: domain }),
    checkServerIdentity(_name, certificate) {
      const fault = checkServerIdentity(domain, certificate);
      return fault === undefined || host === domain ? fault : checkServerIdentity(host, certificate);
    },
  });
  clientSockets.publish({ socket: encrypted });
  socket.on("error", (error) => encrypted.destroy(error));
  // The decoder keeps the first bytes of a character that the network has split.
  encrypted.setEncoding("utf8");
  return encrypted;
}
