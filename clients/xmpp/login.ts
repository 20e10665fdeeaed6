import { randomBytes } from "node:crypto";
import { type Element, xml } from "@xmpp/xml";
import { describeSaslFailure, describeStanzaError } from "./conditions.ts";
import type { Inbox } from "./inbox.ts";
import { type SaslPolicy, saslLogin } from "./sasl.ts";
import type { XmppStream } from "./stream.ts";
import { isOfStreamManagement, offersStreamManagement, type StreamManagement } from "./stream-management.ts";
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
  /** SASL mechanism. Absent: that of the URL, else the best of those offered. */
  readonly mechanism?: string;
  /** Goes on with the session it stands for, or begins one, in this order (XEP-0198). Absent: no stream management. */
  readonly management?: StreamManagement | undefined;
}

export interface LoggedIn {
  /** Full JID. */
  readonly jid: string;
  /** SASL mechanism that was used. */
  readonly mechanism: string;
  /** How often the login waited for the server's answer, without the turns of TCP, TLS and HTTP below it. */
  readonly roundTrips: number;
  /** What the server has not handled of the session that goes on, to be sent again; undefined for a new session. */
  readonly again?: readonly Element[];
  /** Came before stream management was enabled, and does not count. */
  readonly uncounted: readonly Element[];
}

/**
 * Opens the stream, encrypts it where the server offers that, logs in and binds a resource (RFC 6120 sections 4 to 7).
 * Rejects with a sentence that says what the server answered, and what to do about it where that is known.
 */
export async function login(
  stream: XmppStream,
  inbox: Inbox,
  target: XmppTarget,
  options: LoginOptions,
): Promise<LoggedIn> {
  const talk = new Talk(stream, inbox);
  let offer = await talk.open();
  let isEncrypted = target.tls;
  if (!isEncrypted && stream.upgrade !== undefined && offer.getChild("starttls", namespaces.tls) !== undefined) {
    const answer = await talk.ask(xml("starttls", { xmlns: namespaces.tls }));
    if (!answer.is("proceed", namespaces.tls)) {
      throw new Error(`the server offered TLS and then answered <${answer.name}/>`);
    }
    await stream.upgrade();
    isEncrypted = true;
    offer = await talk.reopen();
  }
  const mechanism = await authenticate(talk, offer, target, {
    mechanism: options.mechanism ?? target.mechanism,
    isPrivate: isEncrypted || target.isLoopback,
  });
  return { ...(await bindOrResume(talk, await talk.reopen(), options)), mechanism, roundTrips: talk.roundTrips };
}

/** One question at a time. */
class Talk {
  readonly #stream: XmppStream;
  readonly #inbox: Inbox;
  roundTrips = 0;

  constructor(stream: XmppStream, inbox: Inbox) {
    this.#stream = stream;
    this.#inbox = inbox;
  }

  /** Resolves with the features that the server offers on the stream. */
  async open(): Promise<Element> {
    await this.#stream.open();
    return this.#features();
  }

  async reopen(): Promise<Element> {
    await this.#stream.restart();
    return this.#features();
  }

  ask(element: Element): Promise<Element> {
    this.roundTrips++;
    this.#stream.send(element);
    return this.#inbox.next();
  }

  /** What came after an answer that was not the one to wait for. */
  next(): Promise<Element> {
    return this.#inbox.next();
  }

  async #features(): Promise<Element> {
    this.roundTrips++;
    const element = await this.#inbox.next();
    if (!element.is("features", namespaces.stream)) throw new Error(`expected stream features, got <${element.name}/>`);
    return element;
  }
}

/** Resolves with the mechanism that was used. */
async function authenticate(talk: Talk, offer: Element, target: XmppTarget, policy: SaslPolicy): Promise<string> {
  const mechanisms = offer.getChild("mechanisms", namespaces.sasl)?.getChildren("mechanism") ?? [];
  if (mechanisms.length === 0 && offer.getChild("starttls", namespaces.tls) !== undefined) {
    throw new Error(
      "the server lets nobody log in without STARTTLS, which this binding does not have: use wss: or https:",
    );
  }
  const offered = mechanisms.map((mechanism) => mechanism.getText().trim());
  const exchange = saslLogin(offered, target, policy);
  const { mechanism, initialResponse } = exchange;
  let answer = await talk.ask(xml("auth", { xmlns: namespaces.sasl, mechanism }, encode(initialResponse)));
  for (;;) {
    if (answer.getNS() !== namespaces.sasl) throw new Error(`expected an answer to the login, got <${answer.name}/>`);
    const data = Buffer.from(answer.getText(), "base64").toString();
    if (answer.name === "success") {
      exchange.succeeded(data);
      return mechanism;
    }
    if (answer.name !== "challenge") throw new Error(`the server refused the login: ${describeSaslFailure(answer)}`);
    answer = await talk.ask(xml("response", { xmlns: namespaces.sasl }, encode(await exchange.respond(data))));
  }
}

async function bindOrResume(
  talk: Talk,
  offer: Element,
  options: LoginOptions,
): Promise<Pick<LoggedIn, "jid" | "again" | "uncounted">> {
  const { management } = options;
  if (management === undefined) return { jid: await bind(talk, offer, options), uncounted: [] };
  if (!offersStreamManagement(offer)) throw new Error("the server offers no stream management (XEP-0198)");
  if (management.resumable) {
    const again = management.resumed(await talk.ask(management.resumeRequest()));
    if (again !== undefined) return { jid: management.jid, again, uncounted: [] };
  }
  const jid = await bind(talk, offer, options);
  const uncounted: Element[] = [];
  let answer = await talk.ask(management.enableRequest());
  for (; !isOfStreamManagement(answer); answer = await talk.next()) uncounted.push(answer);
  management.enabled(answer, jid);
  return { jid, uncounted };
}

async function bind(talk: Talk, offer: Element, options: LoginOptions): Promise<string> {
  if (offer.getChild("bind", namespaces.bind) === undefined) throw new Error("the server offers no resource binding");
  // Of our own choice, so that addresses, and with them messages, are as long on every server.
  const resource = xml("resource", {}, options.resource ?? randomBytes(9).toString("base64url"));
  let answer = await talk.ask(
    xml("iq", { type: "set", id: "bind" }, xml("bind", { xmlns: namespaces.bind }, resource)),
  );
  while (answer.name !== "iq" || answer.attrs.id !== "bind") answer = await talk.next();
  const jid = answer.getChild("bind", namespaces.bind)?.getChildText("jid");
  if (answer.attrs.type === "result" && jid) return jid;
  throw new Error(`the server refused to bind a resource: ${describeStanzaError(answer)}`);
}

const encode = (text: string): string => Buffer.from(text).toString("base64");
