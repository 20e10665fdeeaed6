import { connect as connectTcp, type NetConnectOpts, type OnReadOpts, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** Schemes that are TLS from the first byte, each with its port and its name in the TLS handshake (ALPN, RFC 7301). */
const secured: Readonly<Record<string, { readonly port?: number; readonly application?: string }>> = {
  "https:": { port: 443, application: "http/1.1" },
  "wss:": { port: 443, application: "http/1.1" },
  "tcps:": {},
};
const defaultPort = 80;

/** Whether what is spoken at the URL begins with a TLS handshake. */
export const isSecured = ({ protocol }: URL): boolean => protocol in secured;

/** When a socket that was dialled can be written to. */
export const readyEvent = (url: URL): "secureConnect" | "connect" => (isSecured(url) ? "secureConnect" : "connect");

export interface DialOptions {
  /** Address of this host to connect from. Absent: the system chooses. */
  readonly localAddress?: string | undefined;
  /** Where bytes come straight from the kernel; only without TLS, where it is ignored. */
  readonly onread?: OnReadOpts;
}

/**
 * A socket to where a URL points, through TLS where its scheme says so: the certificate must be one that the process
 * trusts, and no session is resumed. No Nagle. Not connected yet: see `readyEvent`.
 */
export function dial(url: URL, { localAddress, onread }: DialOptions = {}): Socket {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const security = secured[url.protocol];
  const port = Number(url.port || (security?.port ?? defaultPort));
  const from = localAddress === undefined ? {} : { localAddress };
  if (security === undefined) {
    const options: NetConnectOpts = { host, port, ...from, noDelay: true, ...(onread && { onread }) };
    return connectTcp(options);
  }
  const { application } = security;
  // Names only: an address is no name to ask for (RFC 6066 section 3).
  const servername = /^[\d.]+$|:/.test(host) ? "" : host;
  const alpn = application === undefined ? {} : { ALPNProtocols: [application] };
  return connectTls({ host, port, ...from, servername, ...alpn }).setNoDelay(true);
}
