import { connect as connectTcp, type NetConnectOpts, type OnReadOpts, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { addressOf, beginsWithTls } from "../../protocol/address.ts";

/** Names in the TLS handshake (ALPN, RFC 7301), by scheme. */
const applications: Readonly<Record<string, string>> = { "https:": "http/1.1", "wss:": "http/1.1" };
/** Of a scheme that has none of its own. */
const defaultPort = 80;

/** When a socket that was dialled can be written to. */
export const readyEvent = (url: URL): "secureConnect" | "connect" => (beginsWithTls(url) ? "secureConnect" : "connect");

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
  const address = addressOf(url);
  const { host } = address;
  const port = address.port || defaultPort;
  const from = localAddress === undefined ? {} : { localAddress };
  if (!beginsWithTls(url)) {
    const options: NetConnectOpts = { host, port, ...from, noDelay: true, ...(onread && { onread }) };
    return connectTcp(options);
  }
  const application = applications[url.protocol];
  // Names only: an address is no name to ask for (RFC 6066 section 3).
  const servername = /^[\d.]+$|:/.test(host) ? "" : host;
  const alpn = application === undefined ? {} : { ALPNProtocols: [application] };
  return connectTls({ host, port, ...from, servername, ...alpn }).setNoDelay(true);
}
