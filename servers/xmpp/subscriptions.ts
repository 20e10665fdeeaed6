import { xml } from "@xmpp/xml";
import { FanOut } from "./fan-out.ts";
import type { Resources } from "./resources.ts";
import { pushRosterItem } from "./roster-push.ts";
import { type Contact, itemElement, type Rosters } from "./rosters.ts";
import type { StanzaCondition } from "./stanza-error.ts";

export const subscriptionTypes = ["subscribe", "subscribed", "unsubscribe", "unsubscribed"] as const;
export type SubscriptionType = (typeof subscriptionTypes)[number];

/**
 * Who hears of whose presence (RFC 6121 section 3). Each subscription is written down twice, in the roster of who hears and
 * in that of who is heard, as it would be on two servers: what a client says changes its own side first (appendix A.2), and
 * only what makes sense there goes on to the other (appendix A.3). Accounts are bare JIDs.
 */
export class Subscriptions {
  readonly #resources: Resources;
  readonly #rosters: Rosters;

  constructor(resources: Resources, rosters: Rosters) {
    this.#resources = resources;
    this.#rosters = rosters;
  }

  /** Handles what a client says; `presence` has the two accounts as its addresses. Returns what is wrong, if anything. */
  said(type: SubscriptionType, account: string, contact: string, presence: FanOut): StanzaCondition | undefined {
    if (type === "subscribe" && !this.#rosters.hasRoom(contact, account)) return "resource-constraint";
    const mine = this.#side(type, account, contact);
    if (mine === undefined) return type === "subscribe" ? "resource-constraint" : undefined;
    switch (type) {
      case "subscribe":
        if (!mine.to) this.#change(account, contact, mine, { pendingOut: true, listed: true });
        this.#heard(type, contact, account, presence);
        return undefined;
      case "unsubscribe":
        if (mine.to || mine.pendingOut) this.#change(account, contact, mine, { to: false, pendingOut: false });
        this.#heard(type, contact, account, presence);
        return undefined;
      case "subscribed":
        // Nobody has asked (section 3.4, approval in advance, is optional).
        if (mine.pendingIn === undefined) return undefined;
        this.#change(account, contact, mine, { from: true, pendingIn: undefined, listed: true });
        this.#heard(type, contact, account, presence);
        this.#show(account, contact);
        return undefined;
      case "unsubscribed":
        this.#revoke(account, contact, mine, presence);
        this.#rosters.settle(account, contact);
        return undefined;
    }
  }

  /** Ends the subscriptions in both directions, as the removal of a contact does (section 2.5.2). */
  cancel(account: string, contact: string): void {
    const mine = this.#rosters.contact(account, contact);
    if (mine === undefined) return;
    const say = (type: SubscriptionType): FanOut => new FanOut(xml("presence", { from: account, to: contact, type }));
    if (mine.to || mine.pendingOut) this.#heard("unsubscribe", contact, account, say("unsubscribe"));
    this.#revoke(account, contact, mine, say("unsubscribed"));
  }

  /** The contact shall not hear of the account any more, or its request is declined. */
  #revoke(account: string, contact: string, mine: Contact, presence: FanOut): void {
    if (!mine.from && mine.pendingIn === undefined) return;
    const wasTold = mine.from;
    this.#change(account, contact, mine, { from: false, pendingIn: undefined });
    if (wasTold) this.#hide(account, contact);
    this.#heard("unsubscribed", contact, account, presence);
  }

  /** The other side: what an account hears from a contact, and whether its client does too. */
  #heard(type: SubscriptionType, account: string, contact: string, presence: FanOut): void {
    const mine = this.#side(type, account, contact);
    if (mine === undefined) return;
    switch (type) {
      case "subscribe":
        if (mine.from) this.#approveAgain(account, contact);
        else if (mine.pendingIn === undefined) {
          mine.pendingIn = presence;
          for (const resource of this.#resources.available(account)) resource.deliver(presence.copy({}));
        }
        return;
      case "unsubscribe": {
        if (!mine.from && mine.pendingIn === undefined) return;
        const wasTold = mine.from;
        this.#tell(account, presence);
        this.#change(account, contact, mine, { from: false, pendingIn: undefined });
        if (wasTold) this.#hide(account, contact);
        this.#rosters.settle(account, contact);
        return;
      }
      case "subscribed":
        if (!mine.pendingOut) return;
        this.#tell(account, presence);
        this.#change(account, contact, mine, { to: true, pendingOut: false });
        return;
      case "unsubscribed":
        if (!mine.to && !mine.pendingOut) return;
        this.#tell(account, presence);
        this.#change(account, contact, mine, { to: false, pendingOut: false });
        return;
    }
  }

  /** What an account has of a contact; a request makes it, where there is room. */
  #side(type: SubscriptionType, account: string, contact: string): Contact | undefined {
    return type === "subscribe" ? this.#rosters.open(account, contact) : this.#rosters.contact(account, contact);
  }

  /** Section 3.1.3, rule 2: the contact has been let in before, so the server answers for the account. */
  #approveAgain(account: string, contact: string): void {
    const approval = new FanOut(xml("presence", { from: account, to: contact, type: "subscribed" }));
    this.#heard("subscribed", contact, account, approval);
    this.#show(account, contact);
  }

  /** Changes what an account has of a contact, and tells its clients where they can see it. */
  #change(account: string, jid: string, contact: Contact, change: Partial<Contact>): void {
    Object.assign(contact, change);
    if (contact.listed) pushRosterItem(this.#resources, account, itemElement(jid, contact));
  }

  /** Sections 3.1.6, 3.2.3 and 3.3.3: to those that follow the roster, before it changes. */
  #tell(account: string, presence: FanOut): void {
    for (const resource of this.#resources.of(account)) if (resource.interested) resource.deliver(presence.copy({}));
  }

  /** A contact that was let in hears which of the account's resources are available (section 3.1.5). */
  #show(account: string, contact: string): void {
    for (const { availability } of this.#resources.available(account)) {
      for (const recipient of this.#resources.available(contact)) {
        recipient.deliver(availability!.presence.copy({ to: contact }));
      }
    }
  }

  /** One that is not let in any more hears that none is (section 3.2.2). */
  #hide(account: string, contact: string): void {
    for (const { jid } of this.#resources.available(account)) {
      for (const recipient of this.#resources.available(contact)) {
        recipient.deliver(xml("presence", { from: jid, to: contact, type: "unavailable" }));
      }
    }
  }
}
