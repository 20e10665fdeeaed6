import type { Element } from "@xmpp/xml";
import type { Accounts } from "./accounts.ts";
import { type Address, readAddress } from "./address.ts";
import type { ConnectedResource } from "./connected-resource.ts";
import { answerIq, type IqServices } from "./iq.ts";
import type { Presence } from "./presence.ts";
import type { Resources } from "./resources.ts";
import type { Rooms } from "./rooms.ts";
import { stanzaError } from "./stanza-error.ts";

interface RouterParts {
  readonly domain: string;
  readonly accounts: Accounts;
  readonly resources: Resources;
  readonly presence: Presence;
  readonly rooms: Rooms;
  /** What the server answers for itself, and for an account to its owner (RFC 6120 sections 10.3.3 and 10.5.3). */
  readonly serverServices: IqServices;
  readonly accountServices: IqServices;
}

/**
 * Delivers stanzas as RFC 6120 section 10 and RFC 6121 section 8 ask a server without federation and offline store to. What
 * cannot be delivered comes back as an error, which no error and no result does.
 */
export class Router {
  readonly domain: string;
  readonly #parts: RouterParts;

  constructor(parts: RouterParts) {
    this.domain = parts.domain;
    this.#parts = parts;
  }

  /** Handles a stanza of a bound client. Whatever `from` it claims, it gets the sender's (RFC 6120 section 8.1.2.1). */
  route(sender: ConnectedResource, stanza: Element): void {
    stanza.attrs.from = sender.jid;
    const { to } = stanza.attrs;
    // What a benchmark measures needs no look at the parts of the address.
    if (to !== undefined && this.#directly(sender, stanza, to)) return;
    const answer = this.#elsewhere(sender, stanza);
    if (answer !== undefined) sender.deliver(answer);
  }

  /** A client's stream has ended: who knew of the client hears that it is not available any more. */
  left(resource: ConnectedResource): void {
    this.#parts.presence.left(resource);
    this.#parts.rooms.left(resource);
  }

  /** A stanza for a resource that has gone before it acknowledged it: whoever sent it hears so (XEP-0198 section 5). */
  returned(stanza: Element): void {
    const sender = this.#parts.resources.get(stanza.attrs.from ?? "");
    const error = stanza.name === "presence" ? undefined : stanzaError(stanza, "service-unavailable");
    if (error !== undefined) sender?.deliver(error);
  }

  /** To a connected resource (RFC 6121 section 8.5.3), or to the server's domain, where the behaviour answers. */
  #directly(sender: ConnectedResource, stanza: Element, to: string): boolean {
    if (stanza.name === "presence") return false;
    const recipient = this.#parts.resources.get(to);
    if (recipient !== undefined) recipient.deliver(stanza);
    else if (to !== this.domain || stanza.name !== "message") return false;
    else if (stanza.attrs.type !== "error") sender.receive(stanza);
    return true;
  }

  /** Returns what the sender hears of it, if anything. */
  #elsewhere(sender: ConnectedResource, stanza: Element): Element | undefined {
    const { presence, rooms } = this.#parts;
    const { to } = stanza.attrs;
    const address = to === undefined ? undefined : readAddress(to);
    if (to !== undefined && address === undefined) return stanzaError(stanza, "jid-malformed");
    if (address !== undefined && address.full !== to) {
      stanza.attrs.to = address.full;
      if (this.#directly(sender, stanza, address.full)) return undefined;
    }
    if (address?.domain === rooms.domain) {
      rooms.receive(sender, stanza, address);
      return undefined;
    }
    if (address !== undefined && address.domain !== this.domain) return stanzaError(stanza, "remote-server-not-found");
    if (stanza.name === "presence") {
      const refusal = presence.sent(sender, stanza, address);
      if (address === undefined && stanza.attrs.type === "unavailable") rooms.left(sender);
      return refusal === undefined ? undefined : stanzaError(stanza, refusal);
    }
    if (address?.local === "") return this.#atServer(sender, stanza, address);
    return this.#atAccount(sender, stanza, address);
  }

  #atServer(sender: ConnectedResource, stanza: Element, { resource }: Address): Element | undefined {
    const isAsked = stanza.name === "iq" && resource === "";
    return isAsked ? answerIq(stanza, sender, this.#parts.serverServices) : stanzaError(stanza, "service-unavailable");
  }

  /** RFC 6120 section 10.3: a stanza without an address is for the sender's own account. */
  #atAccount(sender: ConnectedResource, stanza: Element, address: Address | undefined): Element | undefined {
    const account = address?.bare ?? sender.bareJid;
    const resource = address?.resource ?? "";
    if (address !== undefined && !this.#parts.accounts.has(address.local))
      return stanzaError(stanza, "service-unavailable");
    if (stanza.name === "message") return this.#toAccount(account, resource, stanza);
    if (account !== sender.bareJid || resource !== "") return stanzaError(stanza, "service-unavailable");
    return answerIq(stanza, sender, this.#parts.accountServices);
  }

  /** A message to no connected resource in particular (RFC 6121 sections 8.5.2.1.1, 8.5.2.2.1 and 8.5.3.2.1). */
  #toAccount(account: string, resource: string, message: Element): Element | undefined {
    const { type } = message.attrs;
    if (type === "groupchat" || (resource !== "" && type !== "chat"))
      return stanzaError(message, "service-unavailable");
    const willing = [...this.#parts.resources.available(account)].filter(
      ({ availability }) => availability!.priority >= 0,
    );
    if (type === "headline") {
      for (const recipient of willing) recipient.deliver(message);
      return undefined;
    }
    if (type === "error") return undefined;
    const highest = Math.max(...willing.map(({ availability }) => availability!.priority));
    // Of several, the one that has connected last: it is the likeliest to have somebody in front of it.
    const recipient = willing.findLast(({ availability }) => availability!.priority === highest);
    if (recipient === undefined) return stanzaError(message, "service-unavailable");
    recipient.deliver(message);
    return undefined;
  }
}
