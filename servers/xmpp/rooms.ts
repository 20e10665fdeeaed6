import type { Element } from "@xmpp/xml";
import type { Address } from "./address.ts";
import type { XmppBounds } from "./bounds.ts";
import type { ConnectedResource } from "./connected-resource.ts";
import { infoService, itemsService } from "./disco.ts";
import { FanOut } from "./fan-out.ts";
import { answerIq, type IqService, type IqServices, pingService } from "./iq.ts";
import { namespaces } from "./namespaces.ts";
import { Room } from "./room.ts";
import { type StanzaCondition, stanzaError } from "./stanza-error.ts";

/**
 * The service that hosts rooms (XEP-0045), at an address of its own beside the accounts. Who sends presence to a room that
 * is not there makes it, ready to be used at once (section 10.1.2).
 */
export class Rooms {
  readonly domain: string;
  readonly #bounds: XmppBounds;
  readonly #rooms = new Map<string, Room>();
  readonly #entered = new Map<ConnectedResource, Set<Room>>();
  readonly #services: IqServices;

  constructor(domain: string, bounds: XmppBounds) {
    this.domain = domain;
    this.#bounds = bounds;
    this.#services = new Map([
      pingService,
      infoService({ category: "conference", type: "text", name: "Rooms" }, [namespaces.muc, namespaces.ping]),
      itemsService(() => [...this.#rooms.keys()]),
    ]);
  }

  /** Handles a stanza, with `from` stamped, to the service (no local part), a room (no resource) or an occupant. */
  receive(sender: ConnectedResource, stanza: Element, address: Address): void {
    const answer = this.#handle(sender, stanza, address);
    const element = typeof answer === "string" ? stanzaError(stanza, answer) : answer;
    if (element !== undefined) sender.deliver(element);
  }

  /** The client is not available any more: it leaves every room (RFC 6121 section 4.6.3). */
  left(resource: ConnectedResource): void {
    for (const room of this.#entered.get(resource) ?? []) this.#leave(resource, room);
  }

  #handle(sender: ConnectedResource, stanza: Element, address: Address): Element | StanzaCondition | undefined {
    const { bare, local, resource: nick } = address;
    if (stanza.name === "presence") return local === "" ? undefined : this.#presence(sender, stanza, address);
    if (local === "") return stanza.name === "iq" ? answerIq(stanza, sender, this.#services) : "service-unavailable";
    const room = this.#rooms.get(bare);
    if (room === undefined) return "item-not-found";
    const { type } = stanza.attrs;
    if (nick !== "") return type === "groupchat" ? "bad-request" : room.whisper(sender, nick, stanza);
    if (stanza.name === "iq") return answerIq(stanza, sender, servicesOf(room));
    if (type === "groupchat") return room.say(sender, stanza);
    if (type !== "error") return "service-unavailable";
    this.#kick(sender, room);
    return undefined;
  }

  #presence(sender: ConnectedResource, stanza: Element, address: Address): StanzaCondition | undefined {
    const { type } = stanza.attrs;
    const room = this.#rooms.get(address.bare);
    if (type === undefined) return this.#enter(sender, stanza, address, room);
    if (room === undefined) return undefined;
    if (type === "unavailable") this.#leave(sender, room, stanza);
    else if (type === "error") this.#kick(sender, room);
    return undefined;
  }

  #enter(
    sender: ConnectedResource,
    stanza: Element,
    { bare, resource: nick }: Address,
    known: Room | undefined,
  ): StanzaCondition | undefined {
    if (nick === "") return "jid-malformed";
    if (new FanOut(stanza).bytes > this.#bounds.presenceBytesMax) return "policy-violation";
    const entered = this.#entered.get(sender) ?? new Set();
    if (known === undefined && this.#rooms.size >= this.#bounds.roomsMax) return "resource-constraint";
    const room = known ?? new Room(bare, this.#bounds);
    if (!room.has(sender) && entered.size >= this.#bounds.roomsPerResourceMax) return "resource-constraint";
    // Before anybody hears of it: a stream may end by what it is sent.
    this.#rooms.set(bare, room);
    this.#entered.set(sender, entered.add(room));
    const refusal = room.present(sender, nick, stanza);
    if (!room.has(sender)) this.#forget(sender, room);
    return refusal;
  }

  #leave(resource: ConnectedResource, room: Room, presence?: Element): void {
    room.leave(resource, [], presence);
    this.#forget(resource, room);
  }

  #kick(resource: ConnectedResource, room: Room): void {
    room.kick(resource);
    this.#forget(resource, room);
  }

  #forget(resource: ConnectedResource, room: Room): void {
    const entered = this.#entered.get(resource);
    entered?.delete(room);
    if (entered?.size === 0) this.#entered.delete(resource);
    if (room.isEmpty && this.#rooms.get(room.jid) === room) this.#rooms.delete(room.jid);
  }
}

/** What a room is asked (section 6.4), and its owner's consent to the room as it is (section 10.1.2). */
const servicesOf = (room: Room): IqServices =>
  new Map([
    pingService,
    infoService({ category: "conference", type: "text" }, [namespaces.muc, ...roomFeatures]),
    itemsService(() => room.occupants),
    [`set ${namespaces.mucOwner} query`, accept(room)],
  ]);

const roomFeatures = [
  "muc_open",
  "muc_unmoderated",
  "muc_nonanonymous",
  "muc_public",
  "muc_temporary",
  "muc_unsecured",
];

const accept =
  (room: Room): IqService =>
  (query, sender) => {
    if (!room.isOwner(sender)) return "forbidden";
    const form = query.getChild("x", "jabber:x:data");
    const asIs = form?.attrs.type === "submit" && form.getChildElements().length === 0;
    return asIs || form?.attrs.type === "cancel" ? undefined : "not-acceptable";
  };
