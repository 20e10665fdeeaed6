import { addressOf, beginsWithTls } from "../../protocol/address.ts";
import { WirebenchError } from "../../protocol/errors.ts";

/** What the URL of an XMPP target says, for one virtual user. */
export interface XmppTarget {
  /** What the transport connects to: the URL without the account and without the parameters that are read here. */
  readonly address: string;
  readonly host: string;
  /** For `xmpp:` and `xmpps:` also where the URL has none. */
  readonly port: number;
  /** Encrypted from the first byte on: `xmpps:` (XEP-0368), `wss:` or `https:`. */
  readonly tls: boolean;
  /** The address is one of this host, so nobody on a network reads along. */
  readonly isLoopback: boolean;
  /** The domain that hosts the account: the stream is opened to it. */
  readonly domain: string;
  readonly username: string;
  readonly password: string;
  /** Where messages go; undefined stands for the client's own full JID. */
  readonly to: string | undefined;
  /** SASL mechanism to insist on. */
  readonly mechanism: string | undefined;
}

/**
 * Reads the URL of a target of any binding, for the virtual user of a number:
 *
 *     xmpp://USER:PASSWORD@HOST:PORT/JID                     TCP, upgraded to TLS where the server offers it (RFC 6120)
 *     xmpps://USER:PASSWORD@HOST:PORT/JID                    TCP with TLS from the first byte on (XEP-0368)
 *     ws(s)://USER:PASSWORD@HOST:PORT/PATH?to=JID            WebSocket (RFC 7395)
 *     http(s)://USER:PASSWORD@HOST:PORT/PATH?to=JID          BOSH (XEP-0124)
 *
 * `%d` in USER is replaced by the number of the user, so that each has an account. (After a `%`, two hexadecimal digits
 * are a byte, as in every URL: a digit after `%d` is written `%30` to `%39`.) USER may be a percent-encoded bare JID
 * (`alice%40example.org`). JID is an address that echoes; without it, messages go to oneself. Parameters of all four:
 * `to`, `domain` (that of the account, where it is neither that of USER, of JID nor HOST) and `mechanism` (of SASL). Other
 * parameters belong to the server. Throws `connect-failed` where a URL cannot be read that way.
 */
export function xmppTarget(url: string, user = 0): XmppTarget {
  const { protocol, host: authority, username, password, pathname, search } = new URL(url);
  const account = decode("user name", username.replace(/%d(?![0-9a-f])/gi, String(user)));
  if (account === "" || password === "") {
    throw new WirebenchError(
      "connect-failed",
      "an XMPP target needs an account to log in with, like xmpp://USER:PASSWORD@HOST:PORT/",
    );
  }
  const isStream = protocol === "xmpp:" || protocol === "xmpps:";
  const { own, others } = parameters(search);
  const to = (isStream ? decode("path", pathname.slice(1)) : "") || own.to;
  const at = account.lastIndexOf("@");
  const { host, port } = addressOf(url);
  return {
    address: isStream ? `${protocol}//${authority}` : `${protocol}//${authority}${pathname}${others}`,
    host,
    port,
    tls: beginsWithTls(url),
    isLoopback: /^(127(\.\d{1,3}){3}|::1|(.+\.)?localhost)$/i.test(host),
    domain: own.domain ?? (at === -1 ? (domainOf(to) ?? host) : account.slice(at + 1)),
    username: at === -1 ? account : account.slice(0, at),
    password: decode("password", password),
    to,
    mechanism: own.mechanism,
  };
}

const ownParameters = ["to", "domain", "mechanism"] as const;

/** The parameters that are read here, and the query without them. A `+` stands for itself: addresses may have it. */
function parameters(search: string): { own: { [Name in (typeof ownParameters)[number]]?: string }; others: string } {
  const own: { [name: string]: string } = {};
  const others = search
    .slice(1)
    .split("&")
    .filter((part) => {
      const [name, value = ""] = part.split(/=(.*)/s) as [string, string?];
      if (!ownParameters.some((known) => known === name)) return part !== "";
      if (value !== "") own[name] = decode(`parameter ${name}`, value);
      return false;
    });
  return { own, others: others.length === 0 ? "" : `?${others.join("&")}` };
}

function domainOf(jid: string | undefined): string | undefined {
  const bare = jid?.split("/", 1)[0] ?? "";
  const domain = bare.slice(bare.indexOf("@") + 1);
  return domain === "" ? undefined : domain;
}

/** Does not quote what it cannot read: it may be the password. */
function decode(what: string, part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    const sentence = `a percent sign in the ${what} of the XMPP target that encodes nothing: a percent sign itself is %25`;
    throw new WirebenchError("connect-failed", sentence, { cause });
  }
}
