import { type Element, xml } from "@xmpp/xml";
import type { Accounts } from "./accounts.ts";
import type { Address } from "./address.ts";
import type { XmppBounds } from "./bounds.ts";
import type { ConnectedResource } from "./connected-resource.ts";
import { FanOut } from "./fan-out.ts";
import type { Resources } from "./resources.ts";
import type { Rosters } from "./rosters.ts";
import type { StanzaCondition } from "./stanza-error.ts";
import { type Subscriptions, type SubscriptionType, subscriptionTypes } from "./subscriptions.ts";

interface PresenceParts {
  readonly accounts: Accounts;
  readonly bounds: XmppBounds;
  readonly resources: Resources;
  readonly rosters: Rosters;
  readonly subscriptions: Subscriptions;
}

/**
 * Who is available, and who hears of it (RFC 6121 section 4): those the owner lets (its roster says so), its other
 * resources, and whomever a client names.
 */
export class Presence {
  readonly #parts: PresenceParts;

  constructor(parts: PresenceParts) {
    this.#parts = parts;
  }

  /**
   * Handles a client's presence with `from` stamped; `address` is an account of this server or one of its resources,
   * undefined for presence to whom it may concern. Returns what is wrong, if anything.
   */
  sent(sender: ConnectedResource, stanza: Element, address: Address | undefined): StanzaCondition | undefined {
    const { type } = stanza.attrs;
    const presence = new FanOut(stanza);
    if (presence.bytes > this.#parts.bounds.presenceBytesMax) return "policy-violation";
    if (address === undefined) {
      if (type === undefined) return this.#available(sender, stanza, presence);
      if (type !== "unavailable") return "bad-request";
      this.#unavailable(sender, presence);
      return undefined;
    }
    if (type === "error") this.#parts.resources.get(address.full)?.deliver(stanza);
    else if (type === undefined || type === "unavailable") return this.#directed(sender, presence, address, type);
    else if (type === "probe") this.#probe(sender, address.bare);
    else if (isSubscription(type)) return this.#subscription(type, sender, stanza, address);
    else return "bad-request";
    return undefined;
  }

  /** Section 4.5.2: for a client that has left without a word, the server says it. */
  left(resource: ConnectedResource): void {
    this.#unavailable(resource, new FanOut(xml("presence", { from: resource.jid, type: "unavailable" })));
  }

  /** Sections 4.2 and 4.4. */
  #available(sender: ConnectedResource, stanza: Element, presence: FanOut): StanzaCondition | undefined {
    const priority = priorityOf(stanza);
    if (priority === undefined) return "bad-request";
    const isFirst = sender.availability === undefined;
    sender.availability = { presence, priority };
    this.#broadcast(sender, presence);
    if (isFirst) this.#catchUp(sender);
    return undefined;
  }

  /** Sections 4.5 and 4.6.3. */
  #unavailable(sender: ConnectedResource, presence: FanOut): void {
    if (sender.availability !== undefined) {
      sender.availability = undefined;
      this.#broadcast(sender, presence);
    }
    for (const jid of sender.directed)
      for (const recipient of this.#at(jid)) recipient.deliver(presence.copy({ to: jid }));
    sender.directed.clear();
  }

  /** To the sender's own resources, itself included, and to those who follow it (sections 4.2.2, 4.4.2 and 4.5.2). */
  #broadcast({ bareJid }: ConnectedResource, presence: FanOut): void {
    this.#toAvailable(bareJid, presence);
    for (const [jid, { from }] of this.#parts.rosters.contacts(bareJid)) if (from) this.#toAvailable(jid, presence);
  }

  /** All resources of an account get the same element. */
  #toAvailable(account: string, presence: FanOut): void {
    let copy: Element | undefined;
    for (const recipient of this.#parts.resources.available(account)) {
      copy ??= presence.copy({ to: account });
      recipient.deliver(copy);
    }
  }

  /** What a client hears that becomes available: who else is (section 4.3), and who has asked meanwhile (section 3.1.3). */
  #catchUp(newcomer: ConnectedResource): void {
    const { rosters } = this.#parts;
    this.#show(newcomer, newcomer.bareJid);
    for (const [jid, { to, pendingIn }] of rosters.contacts(newcomer.bareJid)) {
      if (to && rosters.contact(jid, newcomer.bareJid)?.from === true) this.#show(newcomer, jid);
      if (pendingIn !== undefined) newcomer.deliver(pendingIn.copy({}));
    }
  }

  /** Whether there was anybody to show. */
  #show(recipient: ConnectedResource, account: string): boolean {
    let any = false;
    for (const resource of this.#parts.resources.available(account)) {
      any = true;
      if (resource !== recipient) recipient.deliver(resource.availability!.presence.copy({ to: recipient.jid }));
    }
    return any;
  }

  /** Section 4.6: to one who need not follow the sender, and who hears of its end too. */
  #directed(
    sender: ConnectedResource,
    presence: FanOut,
    { bare, full }: Address,
    type: "unavailable" | undefined,
  ): StanzaCondition | undefined {
    const { bounds, rosters } = this.#parts;
    const follows = bare === sender.bareJid || rosters.contact(sender.bareJid, bare)?.from === true;
    if (type === "unavailable") sender.directed.delete(full);
    else if (!follows && !sender.directed.has(full)) {
      if (sender.directed.size >= bounds.directedPresencesMax) return "resource-constraint";
      sender.directed.add(full);
    }
    for (const recipient of this.#at(full)) recipient.deliver(presence.copy({}));
    return undefined;
  }

  /** Section 8.5: a full JID is one resource, a bare one all that are available. */
  #at(jid: string): Iterable<ConnectedResource> {
    const { resources } = this.#parts;
    const resource = resources.get(jid);
    return resource === undefined ? resources.available(jid) : [resource];
  }

  /** Section 4.3.2. */
  #probe(sender: ConnectedResource, account: string): void {
    const mayKnow = account === sender.bareJid || this.#parts.rosters.contact(account, sender.bareJid)?.from === true;
    if (mayKnow && this.#show(sender, account)) return;
    const type = mayKnow ? "unavailable" : "unsubscribed";
    sender.deliver(xml("presence", { from: account, to: sender.jid, type }));
  }

  /** Section 3: between accounts, not resources. What is said to an account that is none goes nowhere (section 8.5.1). */
  #subscription(
    type: SubscriptionType,
    sender: ConnectedResource,
    stanza: Element,
    { bare, local }: Address,
  ): StanzaCondition | undefined {
    if (!this.#parts.accounts.has(local)) return undefined;
    // One's own resources hear of each other without asking.
    if (bare === sender.bareJid) return "not-allowed";
    stanza.attrs.from = sender.bareJid;
    stanza.attrs.to = bare;
    return this.#parts.subscriptions.said(type, sender.bareJid, bare, new FanOut(stanza));
  }
}

const isSubscription = (type: string): type is SubscriptionType =>
  (subscriptionTypes as readonly string[]).includes(type);

/** Section 4.7.2.3: from -128 to 127, 0 if it is not said; undefined if it is not a number like that. */
function priorityOf(stanza: Element): number | undefined {
  const text = stanza.getChildText("priority") ?? "0";
  const priority = /^[+-]?\d{1,3}$/.test(text.trim()) ? Number(text) : Number.NaN;
  return priority >= -128 && priority <= 127 ? priority : undefined;
}
