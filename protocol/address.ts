/** Where a URL leads: what a socket connects to, and whether TLS begins there. */

export interface Address {
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  /** 0 where neither the URL nor its scheme names one. */
  readonly port: number;
}

interface Scheme {
  /** Where a URL has none; absent: there is no usual one. */
  readonly port?: number;
  readonly tls?: true;
}

/** RFC 9110 section 4.2, RFC 6455 section 3, RFC 6120 section 14.7; XMPP with TLS from the first byte on has its usual port. */
const schemes: Readonly<Record<string, Scheme>> = {
  "http:": { port: 80 },
  "https:": { port: 443, tls: true },
  "ws:": { port: 80 },
  "wss:": { port: 443, tls: true },
  "xmpp:": { port: 5222 },
  "xmpps:": { port: 5223, tls: true },
  "tcps:": { tls: true },
};

const parsed = (url: string | URL): URL => (typeof url === "string" ? new URL(url) : url);

/** Whether what is spoken there begins with a TLS handshake. */
export const beginsWithTls = (url: string | URL): boolean => schemes[parsed(url).protocol]?.tls === true;

export function addressOf(url: string | URL): Address {
  const { protocol, hostname, port } = parsed(url);
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || (schemes[protocol]?.port ?? 0)) };
}
