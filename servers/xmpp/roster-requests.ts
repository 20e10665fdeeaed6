import { type Element, xml } from "@xmpp/xml";
import { readAddress } from "./address.ts";
import type { XmppBounds } from "./bounds.ts";
import type { ConnectedResource } from "./connected-resource.ts";
import type { IqAnswer, IqService } from "./iq.ts";
import { namespaces } from "./namespaces.ts";
import type { Resources } from "./resources.ts";
import { pushRosterItem } from "./roster-push.ts";
import { itemElement, type Rosters } from "./rosters.ts";
import type { Subscriptions } from "./subscriptions.ts";

interface RosterParts {
  readonly bounds: XmppBounds;
  readonly resources: Resources;
  readonly rosters: Rosters;
  readonly subscriptions: Subscriptions;
}

/** What a client may ask of its roster (RFC 6121 sections 2.1.3 to 2.5). */
export function rosterServices(parts: RosterParts): readonly (readonly [string, IqService])[] {
  return [
    [`get ${namespaces.roster} query`, (_query, sender) => rosterOf(parts, sender)],
    [`set ${namespaces.roster} query`, (query, sender) => changeRoster(parts, query, sender.bareJid)],
  ];
}

/** Section 2.2: who has asked for the roster hears of its changes. */
function rosterOf({ rosters }: RosterParts, sender: ConnectedResource): Element {
  sender.interested = true;
  const listed = [...rosters.contacts(sender.bareJid)].filter(([, contact]) => contact.listed);
  return xml("query", { xmlns: namespaces.roster }, ...listed.map(([jid, contact]) => itemElement(jid, contact)));
}

/** Sections 2.3 to 2.5: one contact is added, changed or removed. */
function changeRoster(parts: RosterParts, query: Element, account: string): IqAnswer {
  const items = query.getChildElements();
  const item = items[0];
  const jid = readAddress(item?.attrs.jid ?? "")?.bare;
  if (items.length !== 1 || item === undefined || !item.is("item", namespaces.roster) || jid === undefined) {
    return "bad-request";
  }
  if (jid === account) return "not-allowed";
  return item.attrs.subscription === "remove"
    ? removeContact(parts, account, jid)
    : putContact(parts, account, jid, item);
}

/** Of the subscription only `remove` is for the client to say (section 2.1.2.5). */
function putContact(
  { bounds, resources, rosters }: RosterParts,
  account: string,
  jid: string,
  item: Element,
): IqAnswer {
  const { name } = item.attrs;
  const groups = item.getChildren("group").map((group) => group.getText());
  if (new Set(groups).size < groups.length) return "bad-request";
  const bytes = [jid, name ?? "", ...groups].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (groups.includes("") || bytes > bounds.contactBytesMax) return "not-acceptable";
  const contact = rosters.hasRoom(account, jid, groups.length) ? rosters.open(account, jid) : undefined;
  if (contact === undefined) return "resource-constraint";
  Object.assign(contact, { listed: true, name, groups });
  pushRosterItem(resources, account, itemElement(jid, contact));
  return undefined;
}

function removeContact({ resources, rosters, subscriptions }: RosterParts, account: string, jid: string): IqAnswer {
  if (rosters.contact(account, jid)?.listed !== true) return "item-not-found";
  subscriptions.cancel(account, jid);
  rosters.remove(account, jid);
  pushRosterItem(resources, account, xml("item", { jid, subscription: "remove" }));
  return undefined;
}
