import { type Element, type ElementAttributes, xml } from "@xmpp/xml";
import type { XmppBounds } from "./bounds.ts";
import type { ConnectedResource } from "./connected-resource.ts";
import { FanOut } from "./fan-out.ts";
import { namespaces } from "./namespaces.ts";
import type { StanzaCondition } from "./stanza-error.ts";

interface Occupant {
  readonly resource: ConnectedResource;
  nick: string;
  /** Has made the room, and so is its owner and moderator (section 5). */
  readonly isOwner: boolean;
  /** Its last presence, as the others hear it. */
  presence: FanOut;
}

/** Section 15.6.2. */
const status = {
  nonAnonymous: "100",
  self: "110",
  created: "201",
  renamed: "303",
  kicked: "307",
  fault: "333",
} as const;

/**
 * One room (XEP-0045): open to everybody, without history, gone with its last occupant, and not anonymous, so that all hear
 * the same of each other. Each occupant hears everybody's presence, its own last, and everybody's messages, its own included.
 */
export class Room {
  /** Bare JID. */
  readonly jid: string;
  readonly #bounds: XmppBounds;
  readonly #byNick = new Map<string, Occupant>();
  readonly #byResource = new Map<ConnectedResource, Occupant>();
  #subject: FanOut;

  constructor(jid: string, bounds: XmppBounds) {
    this.jid = jid;
    this.#bounds = bounds;
    this.#subject = new FanOut(xml("message", { from: jid, type: "groupchat" }, xml("subject")));
  }

  get isEmpty(): boolean {
    return this.#byNick.size === 0;
  }

  /** Addresses of the occupants. */
  get occupants(): string[] {
    return [...this.#byNick.keys()].map((nick) => `${this.jid}/${nick}`);
  }

  has(resource: ConnectedResource): boolean {
    return this.#byResource.has(resource);
  }

  isOwner(resource: ConnectedResource): boolean {
    return this.#byResource.get(resource)?.isOwner === true;
  }

  /** Presence to a nick: somebody enters (section 7.2), changes its nick (7.6) or its presence (7.7). */
  present(resource: ConnectedResource, nick: string, presence: Element): StanzaCondition | undefined {
    const occupant = this.#byResource.get(resource);
    const holder = this.#byNick.get(nick);
    if (holder !== undefined && holder !== occupant) return "conflict";
    if (occupant === undefined) return this.#enter(resource, nick, presence);
    if (holder === undefined) {
      this.#announceEnd(occupant, [status.renamed], { nick });
      this.#byNick.delete(occupant.nick);
      this.#byNick.set(nick, occupant);
      occupant.nick = nick;
    }
    this.#announce(occupant, presence, []);
    return undefined;
  }

  /** Section 7.14, and for an occupant whose stream has ended. Ignored for who is not here. */
  leave(resource: ConnectedResource, statuses: readonly string[] = [], presence?: Element): void {
    const occupant = this.#byResource.get(resource);
    if (occupant === undefined) return;
    this.#byResource.delete(resource);
    this.#byNick.delete(occupant.nick);
    this.#announceEnd(occupant, statuses, {}, presence);
  }

  /** For one whose client answers with errors what the room sends (section 15.6.2, status 333). */
  kick(resource: ConnectedResource): void {
    this.leave(resource, [status.kicked, status.fault]);
  }

  /** A message to all, the sender included (section 7.4); without a body but with a subject, the new subject (8.1). */
  say(resource: ConnectedResource, message: Element): StanzaCondition | undefined {
    const occupant = this.#byResource.get(resource);
    if (occupant === undefined) return "not-acceptable";
    const from = this.#addressOf(occupant);
    const stanza = new FanOut(xml("message", { ...message.attrs, from }, ...contentOf(message)));
    if (message.getChild("subject") !== undefined && message.getChild("body") === undefined) {
      if (!occupant.isOwner) return "forbidden";
      if (stanza.bytes > this.#bounds.roomSubjectBytesMax) return "policy-violation";
      this.#subject = stanza;
    }
    for (const { resource: recipient } of this.#byNick.values()) recipient.deliver(stanza.copy({ to: recipient.jid }));
    return undefined;
  }

  /** A message or request to one occupant (section 7.5), under the room's address of the sender. */
  whisper(resource: ConnectedResource, nick: string, stanza: Element): StanzaCondition | undefined {
    const sender = this.#byResource.get(resource);
    if (sender === undefined) return "not-acceptable";
    const recipient = this.#byNick.get(nick)?.resource;
    if (recipient === undefined) return "item-not-found";
    const attributes = { ...stanza.attrs, from: this.#addressOf(sender), to: recipient.jid };
    recipient.deliver(xml(stanza.name, attributes, ...contentOf(stanza)));
    return undefined;
  }

  #enter(resource: ConnectedResource, nick: string, presence: Element): StanzaCondition | undefined {
    if (this.#byNick.size >= this.#bounds.occupantsPerRoomMax) return "resource-constraint";
    // Section 7.2.3: who enters hears of all others before it hears of itself.
    for (const other of this.#byNick.values()) resource.deliver(other.presence.copy({ to: resource.jid }));
    const isOwner = this.isEmpty;
    const occupant = { resource, nick, isOwner, presence: new FanOut(presence) };
    this.#byNick.set(nick, occupant);
    this.#byResource.set(resource, occupant);
    this.#announce(occupant, presence, [status.nonAnonymous, ...(isOwner ? [status.created] : [])]);
    // Section 7.2.15: the subject comes last and says that this was all.
    resource.deliver(this.#subject.copy({ to: resource.jid }));
    return undefined;
  }

  /** Tells all of an occupant's presence; itself with what only it needs to know. */
  #announce(occupant: Occupant, presence: Element, statuses: readonly string[]): void {
    const role = occupant.isOwner ? "moderator" : "participant";
    const stanza = (codes: readonly string[]): Element =>
      xml(
        "presence",
        { ...presence.attrs, from: this.#addressOf(occupant) },
        ...contentOf(presence),
        this.#about(occupant, role, codes),
      );
    occupant.presence = new FanOut(stanza([]));
    this.#tell(occupant, occupant.presence, stanza([...statuses, status.self]));
  }

  #announceEnd(occupant: Occupant, statuses: readonly string[], item: { nick?: string }, presence?: Element): void {
    const stanza = (codes: readonly string[]): Element =>
      xml(
        "presence",
        { from: this.#addressOf(occupant), type: "unavailable", ...(presence && prefixesOf(presence)) },
        ...(presence === undefined ? [] : contentOf(presence)),
        this.#about(occupant, "none", codes, item),
      );
    this.#tell(occupant, new FanOut(stanza(statuses)), stanza([...statuses, status.self]));
  }

  #tell(occupant: Occupant, toOthers: FanOut, toItself: Element): void {
    for (const { resource } of this.#byNick.values()) {
      if (resource !== occupant.resource) resource.deliver(toOthers.copy({ to: resource.jid }));
    }
    toItself.attrs.to = occupant.resource.jid;
    occupant.resource.deliver(toItself);
  }

  /** Section 15.4: who an occupant is and what it may do. */
  #about(
    { resource, isOwner }: Occupant,
    role: string,
    codes: readonly string[],
    item: { nick?: string } = {},
  ): Element {
    return xml(
      "x",
      { xmlns: namespaces.mucUser },
      xml("item", { affiliation: isOwner ? "owner" : "none", role, jid: resource.jid, ...item }),
      ...codes.map((code) => xml("status", { code })),
    );
  }

  #addressOf({ nick }: Occupant): string {
    return `${this.jid}/${nick}`;
  }
}

/** What a stanza carries, without what only a room may say (section 15.4) and what was for the room (`muc`). */
const contentOf = ({ children }: Element): (Element | string)[] =>
  children.filter((child) => typeof child === "string" || !roomsOwn.has(child.getNS()));

/** What binds the prefixes of its content, which must be bound wherever that goes (RFC 6120 section 11.3). */
const prefixesOf = ({ attrs }: Element): ElementAttributes =>
  Object.fromEntries(Object.entries(attrs).filter(([name]) => name.startsWith("xmlns:")));

const roomsOwn = new Set<string | undefined>([namespaces.muc, namespaces.mucUser]);
