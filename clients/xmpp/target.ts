import { WirebenchError } from "../../protocol/errors.ts";

/** What an `xmpp:` target says. */
export interface XmppTarget {
  readonly host: string;
  readonly port: number;
  /** The domain that hosts the account: the stream is opened to it. */
  readonly domain: string;
  readonly username: string;
  readonly password: string;
  /** Where messages go; undefined stands for the client's own full JID. */
  readonly to: string | undefined;
}

/** RFC 6120 section 14.7. */
const defaultPort = 5222;

/**
 * Reads `xmpp://USER:PASSWORD@HOST:PORT/JID` (ours, after RFC 5122, which has no place for an address to connect to).
 * USER may be a percent-encoded bare JID (`alice%40example.org`) where the domain is neither that of JID nor HOST;
 * an empty JID asks for messages to oneself. Throws `connect-failed` where it cannot be read that way.
 */
export function xmppTarget(url: string): XmppTarget {
  const { hostname, port, username, password, pathname } = new URL(url);
  const account = decode(username);
  const to = decode(pathname.slice(1));
  if (account === "" || password === "") {
    throw new WirebenchError("connect-failed", "an XMPP target needs an account to log in with", {
      hint: "xmpp://USER:PASSWORD@HOST:PORT/ for messages to oneself, .../JID for an address that echoes",
    });
  }
  const at = account.lastIndexOf("@");
  const host = hostname.replace(/^\[|\]$/g, "");
  return {
    host,
    port: port === "" ? defaultPort : Number(port),
    domain: at === -1 ? (domainOf(to) ?? host) : account.slice(at + 1),
    username: at === -1 ? account : account.slice(0, at),
    password: decode(password),
    to: to === "" ? undefined : to,
  };
}

function domainOf(jid: string): string | undefined {
  const bare = jid.split("/", 1)[0]!;
  const domain = bare.slice(bare.indexOf("@") + 1);
  return domain === "" ? undefined : domain;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw new WirebenchError("connect-failed", "a percent sign in the XMPP target that encodes nothing", { cause });
  }
}
