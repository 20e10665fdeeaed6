import { randomBytes } from "node:crypto";
import { type Element, xml } from "@xmpp/xml";
import type { Inbox } from "./inbox.ts";
import { type Credentials, saslLogin } from "./sasl.ts";
import type { XmppStream } from "./stream.ts";
import type { XmppTarget } from "./target.ts";

const namespaces = {
  stream: "http://etherx.jabber.org/streams",
  sasl: "urn:ietf:params:xml:ns:xmpp-sasl",
  bind: "urn:ietf:params:xml:ns:xmpp-bind",
  tls: "urn:ietf:params:xml:ns:xmpp-tls",
} as const;

/** What the caller of a login may insist on. */
export interface LoginOptions {
  /** Absent: random, of fixed length. */
  readonly resource?: string;
  /** SASL mechanism. Absent: the best of those offered. */
  readonly mechanism?: string;
}

export interface LoggedIn {
  /** Full JID. */
  readonly jid: string;
  /** SASL mechanism that was used. */
  readonly mechanism: string;
}

/** Opens the stream, logs in and binds a resource (RFC 6120 sections 4, 6 and 7). */
export async function login(
  stream: XmppStream,
  inbox: Inbox,
  target: XmppTarget,
  options: LoginOptions,
): Promise<LoggedIn> {
  await stream.open();
  const mechanism = await authenticate(stream, inbox, await features(inbox), target, options);
  await stream.restart();
  return { jid: await bind(stream, inbox, await features(inbox), options), mechanism };
}

async function features(inbox: Inbox): Promise<Element> {
  const element = await inbox.next();
  if (!element.is("features", namespaces.stream)) throw new Error(`expected stream features, got <${element.name}/>`);
  return element;
}

/** Resolves with the mechanism that was used. */
async function authenticate(
  stream: XmppStream,
  inbox: Inbox,
  offer: Element,
  credentials: Credentials,
  { mechanism: wanted }: LoginOptions,
): Promise<string> {
  const mechanisms = (offer.getChild("mechanisms", namespaces.sasl)?.getChildren("mechanism") ?? []).map((mechanism) =>
    mechanism.getText().trim(),
  );
  const usable = mechanisms.filter((name) => wanted === undefined || name === wanted);
  const exchange = saslLogin(usable, credentials);
  if (exchange === undefined) {
    const wantsTls = offer.getChild("starttls", namespaces.tls) !== undefined;
    throw new Error(
      wantsTls
        ? "the server offers no login without TLS, which an xmpp: target does not do"
        : `expected SASL ${wanted ?? "PLAIN or SCRAM-SHA-1"}, the server offers ${mechanisms.join(", ") || "nothing"}`,
    );
  }
  const { mechanism, initialResponse } = exchange;
  stream.send(xml("auth", { xmlns: namespaces.sasl, mechanism }, encode(initialResponse)));
  for (;;) {
    const answer = await inbox.next();
    if (answer.getNS() !== namespaces.sasl) throw new Error(`expected an answer to the login, got <${answer.name}/>`);
    const data = Buffer.from(answer.getText(), "base64").toString();
    if (answer.name === "success") {
      exchange.succeeded(data);
      return mechanism;
    }
    if (answer.name !== "challenge") {
      throw new Error(`the server refused the login: ${answer.getChildElements()[0]?.name ?? answer.name}`);
    }
    stream.send(xml("response", { xmlns: namespaces.sasl }, encode(await exchange.respond(data))));
  }
}

async function bind(stream: XmppStream, inbox: Inbox, offer: Element, options: LoginOptions): Promise<string> {
  if (offer.getChild("bind", namespaces.bind) === undefined) throw new Error("the server offers no resource binding");
  // Of our own choice, so that addresses, and with them messages, are as long on every server.
  const resource = xml("resource", {}, options.resource ?? randomBytes(9).toString("base64url"));
  stream.send(xml("iq", { type: "set", id: "bind" }, xml("bind", { xmlns: namespaces.bind }, resource)));
  for (;;) {
    const answer = await inbox.next();
    if (answer.name !== "iq" || answer.attrs.id !== "bind") continue;
    const jid = answer.getChild("bind", namespaces.bind)?.getChildText("jid");
    if (answer.attrs.type === "result" && jid) return jid;
    const condition = answer.getChild("error")?.getChildElements()[0]?.name ?? "no address";
    throw new Error(`the server refused to bind a resource: ${condition}`);
  }
}

const encode = (text: string): string => Buffer.from(text).toString("base64");
