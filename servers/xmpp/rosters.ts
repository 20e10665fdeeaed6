import { type Element, xml } from "@xmpp/xml";
import type { XmppBounds } from "./bounds.ts";
import type { FanOut } from "./fan-out.ts";

/**
 * A contact in an account's roster, and the state of the two subscriptions between them (RFC 6121 section 2.1.2 and
 * appendix A).
 */
export interface Contact {
  /** In the roster as its owner sees it; not so where there is nothing but a request of the contact's. */
  listed: boolean;
  name: string | undefined;
  groups: readonly string[];
  /** The owner hears of the contact's presence. */
  to: boolean;
  /** The contact hears of the owner's. */
  from: boolean;
  /** The owner has asked to hear of the contact's. */
  pendingOut: boolean;
  /** The contact has asked to hear of the owner's: its request, for as long as the owner has not decided. */
  pendingIn: FanOut | undefined;
}

/** RFC 6121 section 2.1.2.5. */
export const subscriptionOf = ({ to, from }: Contact): "none" | "to" | "from" | "both" =>
  to ? (from ? "both" : "to") : from ? "from" : "none";

/** As it is written in results and pushes (RFC 6121 section 2.1.2). */
export const itemElement = (jid: string, contact: Contact): Element =>
  xml(
    "item",
    {
      jid,
      name: contact.name,
      subscription: subscriptionOf(contact),
      ask: contact.pendingOut ? "subscribe" : undefined,
    },
    ...contact.groups.map((group) => xml("group", {}, group)),
  );

/** The rosters of all accounts (RFC 6121 section 2), in memory and bounded. Accounts and contacts are bare JIDs. */
export class Rosters {
  readonly #bounds: XmppBounds;
  readonly #rosters = new Map<string, Map<string, Contact>>();
  #contacts = 0;

  constructor(bounds: XmppBounds) {
    this.#bounds = bounds;
  }

  contacts(account: string): Iterable<readonly [string, Contact]> {
    return this.#rosters.get(account) ?? [];
  }

  contact(account: string, jid: string): Contact | undefined {
    return this.#rosters.get(account)?.get(jid);
  }

  /** Whether the account's roster can take this contact with as many groups, instead of those it may have now. */
  hasRoom(account: string, jid: string, groups = 0): boolean {
    const roster = this.#rosters.get(account);
    const known = roster?.get(jid);
    if (known === undefined && this.#contacts >= this.#bounds.contactsMax) return false;
    let entries = 1 + groups;
    for (const [other, contact] of roster ?? []) if (other !== jid) entries += 1 + contact.groups.length;
    return entries <= this.#bounds.rosterEntriesMax;
  }

  /** The contact, made if need be, to be changed; undefined where there is no room for one more. */
  open(account: string, jid: string): Contact | undefined {
    const known = this.contact(account, jid);
    if (known !== undefined) return known;
    if (!this.hasRoom(account, jid)) return undefined;
    const contact: Contact = {
      listed: false,
      name: undefined,
      groups: [],
      to: false,
      from: false,
      pendingOut: false,
      pendingIn: undefined,
    };
    const roster = this.#rosters.get(account) ?? new Map<string, Contact>();
    this.#rosters.set(account, roster.set(jid, contact));
    this.#contacts++;
    return contact;
  }

  /** Forgets a contact of whom nothing is left to know. */
  settle(account: string, jid: string): void {
    const contact = this.contact(account, jid);
    if (contact !== undefined && !contact.listed && contact.pendingIn === undefined) this.remove(account, jid);
  }

  remove(account: string, jid: string): void {
    const roster = this.#rosters.get(account);
    if (roster?.delete(jid) !== true) return;
    this.#contacts--;
    if (roster.size === 0) this.#rosters.delete(account);
  }
}
