import { parse } from "@xmpp/jid";
import type { Element } from "@xmpp/xml";
import { answerIq } from "./iq.ts";
import { stanzaError } from "./stanza-error.ts";

/** A bound resource as the router sees it. */
export interface Recipient {
  /** Full JID. */
  readonly jid: string;
  /** Sends a stanza to the client. */
  deliver(stanza: Element): void;
  /** A message to the server itself, which the behaviour answers. */
  receive(message: Element): void;
}

/** Delivers stanzas as RFC 6120 section 10 asks a server without federation, roster and offline store to. */
export class Router {
  readonly domain: string;
  readonly #recipients = new Map<string, Recipient>();

  constructor(domain: string) {
    this.domain = domain;
  }

  has(jid: string): boolean {
    return this.#recipients.has(jid);
  }

  add(recipient: Recipient): void {
    this.#recipients.set(recipient.jid, recipient);
  }

  remove(recipient: Recipient): void {
    if (this.#recipients.get(recipient.jid) === recipient) this.#recipients.delete(recipient.jid);
  }

  /** Handles a stanza of a bound client. Whatever `from` it claims, it gets the sender's (RFC 6120 section 8.1.2.1). */
  route(sender: Recipient, stanza: Element): void {
    stanza.attrs.from = sender.jid;
    const { to } = stanza.attrs;
    const recipient = to === undefined ? undefined : this.#recipients.get(to);
    if (recipient !== undefined) recipient.deliver(stanza);
    else if (to === this.domain && stanza.name === "message") this.#toServer(sender, stanza);
    else {
      const answer = this.#answer(sender, stanza);
      if (answer !== undefined) sender.deliver(answer);
    }
  }

  #toServer(sender: Recipient, message: Element): void {
    if (message.attrs.type !== "error") sender.receive(message);
  }

  /** For a stanza the server answers itself, or that cannot be delivered as it is addressed. */
  #answer(sender: Recipient, stanza: Element): Element | undefined {
    const { to } = stanza.attrs;
    // RFC 6120 section 10.3.3: the server answers for the account. There is no store for what is not an iq.
    if (to === undefined || to === this.domain || to === bareOf(sender.jid)) {
      return stanza.name === "iq" ? answerIq(stanza) : stanzaError(stanza, "service-unavailable");
    }
    const address = normalised(to);
    if (address === undefined) return stanzaError(stanza, "jid-malformed");
    if (address !== to) {
      stanza.attrs.to = address;
      this.route(sender, stanza);
      return undefined;
    }
    return stanzaError(stanza, isAt(this.domain, to) ? "service-unavailable" : "remote-server-not-found");
  }
}

const bareOf = (jid: string): string => jid.slice(0, jid.indexOf("/"));
const isAt = (domain: string, address: string): boolean => parse(address).domain === domain;

/** The address with its local part and domain in lower case (RFC 7622 section 3); undefined if it is not one. */
function normalised(address: string): string | undefined {
  try {
    const { local, domain, resource } = parse(address);
    const parts = [local, domain, resource];
    if (/[\s@/]/.test(domain) || parts.some((part) => Buffer.byteLength(part) > 1023)) return undefined;
    return `${local === "" ? "" : `${local}@`}${domain}${resource === "" ? "" : `/${resource}`}`;
  } catch {
    return undefined;
  }
}
