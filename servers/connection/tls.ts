/** TLS on the server's side (RFC 8446): what a listener needs to speak it, and the bounds on those who do not finish it. */
import type { Socket } from "node:net";
import type { Server } from "node:tls";
import type { Limits, Options, RunningServer } from "../../protocol/contract.ts";
import { type TlsMode, tlsMode } from "../../protocol/options/tls.ts";
import { ownCertificate } from "./certificate.ts";

/** Options of Node's TLS: certificate, key, version, and what is spoken inside. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  readonly minVersion: "TLSv1.3";
  readonly ALPNProtocols?: string[];
}

/**
 * What a target's options ask for; undefined where they do not ask for this kind of TLS. `application` is the protocol's
 * name in the TLS handshake (ALPN, RFC 7301), where it has one: a client that asks for others only is refused.
 */
export async function serverTls(
  options: Options | undefined,
  application?: string,
  mode: TlsMode = "direct",
): Promise<ServerTls | undefined> {
  if (tlsMode(options) !== mode) return undefined;
  return {
    ...(await ownCertificate()),
    minVersion: "TLSv1.3",
    ...(application !== undefined && { ALPNProtocols: [application] }),
  };
}

/** What a client must trust to connect; nothing without TLS. */
export const certificateOf = (tls: ServerTls | undefined): Pick<RunningServer, "certificate"> =>
  tls === undefined ? {} : { certificate: tls.cert };

/**
 * Bounds the handshakes of a server that speaks TLS: each takes `handshakeMs` at most, however its bytes trickle in, and
 * one beyond `connectionsMax` of them under way is dropped, since nothing can be said to its peer yet. What fails in a
 * handshake ends that connection and nothing else: Node answers with an alert (section 6) and closes.
 */
export function limitHandshakes(server: Server, { handshakeMs, connectionsMax }: Limits): void {
  const underWay = new Map<string, NodeJS.Timeout>();
  const done = (peer: string): void => {
    clearTimeout(underWay.get(peer));
    underWay.delete(peer);
  };
  server.on("connection", (socket: Socket) => {
    const peer = peerOf(socket);
    if (peer === undefined || underWay.size >= connectionsMax) {
      socket.destroy();
      return;
    }
    underWay.set(
      peer,
      setTimeout(() => socket.destroy(), handshakeMs),
    );
    socket.once("close", () => done(peer));
  });
  server.on("secureConnection", (socket) => {
    const peer = peerOf(socket);
    if (peer !== undefined) done(peer);
  });
}

/** The same for the socket and for the TLS on it; undefined for one that is gone. */
const peerOf = ({ remoteAddress, remotePort }: Socket): string | undefined =>
  remoteAddress === undefined ? undefined : `${remoteAddress} ${remotePort}`;
