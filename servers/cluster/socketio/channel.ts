import { WirebenchError } from "../../../protocol/errors.ts";
import { type ChannelMessage, encodeDelivery, encodePublication, messageKey } from "../../../protocol/wires/channel.ts";
import type { ChannelCounts } from "../node/channel.ts";
import type { ChannelOfUser, ChannelUser } from "../node/channel-user.ts";
import { Custody, type LeavingReason } from "../node/custody.ts";
import type { NodeChannel } from "../node/lifecycle.ts";
import type { Replayed } from "../node/replays.ts";
import type { SessionStore } from "../node/sessions.ts";

export interface SocketIoChannelOptions {
  readonly node: string;
  readonly sessions: SessionStore;
  /** Whether the adapter's links to its broker stand. */
  readonly brokerLive: () => boolean;
  /** To everybody with a connection to any node. */
  readonly emit: (delivery: string) => void;
}

/** Before the publication, where there is no position. */
const deliveryHead = encodeDelivery("", undefined);
/** Own publications that nobody was handed yet, at most: more are on their way in no trial. */
const ownPendingMax = 10_000;
const nothingReplayed: Replayed = { deliveries: [], aheadTo: undefined };

/** The users of one Socket.IO node. Who is handed what is the library's business and its adapter's; what it did is noted. */
export class SocketIoChannel implements NodeChannel {
  readonly custody = new Custody();
  readonly #options: SocketIoChannelOptions;
  readonly #users = new Set<ChannelUser>();
  /** Own publications that nobody was handed yet: their numbers in the custody record. */
  readonly #own = new Map<number, number>();
  /** A message is handed to all users of the node in one turn. */
  #lastHanded = "";
  #received = 0;
  #publications = 0;
  #deliveries = 0;

  constructor(options: SocketIoChannelOptions) {
    this.#options = options;
  }

  /** The library bounds no queue: nobody is given up as slow. */
  get counts(): ChannelCounts {
    return {
      users: this.#users.size,
      publications: this.#publications,
      brokerDeliveries: this.#received,
      deliveries: this.#deliveries,
      slowConsumers: 0,
    };
  }

  get brokerLive(): boolean {
    return this.#options.brokerLive();
  }

  get users(): Iterable<ChannelUser> {
    return this.#users;
  }

  came(user: ChannelUser): void {
    this.#users.add(user);
  }

  /** The library hands an event to one user. */
  handing(delivery: string): void {
    if (!delivery.startsWith(deliveryHead)) return;
    this.#deliveries += 1;
    if (delivery === this.#lastHanded) return;
    this.#lastHanded = delivery;
    this.#received += 1;
    const publication = delivery.slice(deliveryHead.length);
    const key = this.custody.received(publication);
    const own = this.#own.get(key);
    if (own === undefined) return;
    this.#own.delete(key);
    this.custody.published(own, "accepted");
  }

  /** `recovered`: the library has given the user what it missed, as far as it knows. */
  of({ recovered }: { readonly recovered: boolean }): ChannelOfUser {
    const { node, sessions } = this.#options;
    return {
      node,
      sessions,
      position: undefined,
      replay: (_after, take) => take(recovered ? nothingReplayed : undefined),
      async enter(room) {
        if (room !== undefined) throw new WirebenchError("usage", "there are no rooms");
      },
      exit: () => {},
      publish: async (message) => this.#publish(message),
      joined: (user) => {
        if (user.number !== undefined) this.custody.joined(user, user.number);
      },
      left: (user, why) => this.#left(user, why),
      gone: (user) => {
        this.#left(user, "peer");
        this.#users.delete(user);
      },
      delivered: () => {},
    };
  }

  /** No adapter tells whether its broker has the message: handed on is all that can be said. */
  #publish(message: ChannelMessage): void {
    const number = this.custody.publishing(message);
    if (this.#own.size < ownPendingMax) this.#own.set(messageKey(message.publisher, message.sequence), number);
    this.#publications += 1;
    this.#options.emit(encodeDelivery(encodePublication({ from: this.#options.node, message }), undefined));
  }

  #left(user: ChannelUser, why: LeavingReason): void {
    this.custody.left(user, why);
  }
}
