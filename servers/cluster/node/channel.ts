import type { Behaviour, Limits } from "../../../protocol/contract.ts";
import { WirebenchError } from "../../../protocol/errors.ts";
import {
  type ChannelMessage,
  decodeInRoom,
  encodeDelivery,
  encodeInRoom,
  encodeNodeMessage,
  encodePublication,
} from "../../../protocol/wires/channel.ts";
import type { BrokerConnection, BrokerMessage, BrokerStatus } from "../broker/broker.ts";
import { type ChannelOfUser, ChannelUser } from "./channel-user.ts";
import { Custody, type LeavingReason } from "./custody.ts";
import { type Delivery, type Replayed, Replays } from "./replays.ts";
import type { SessionStore } from "./sessions.ts";

export interface ChannelListener {
  readonly onMessage: (message: BrokerMessage) => void;
  readonly onStatus: (status: BrokerStatus) => void;
}

export interface ChannelOptions {
  readonly node: string;
  readonly sessions: SessionStore;
  readonly limits: Limits;
  /** The broker keeps messages, in one order for all nodes. */
  readonly history: boolean;
  /** Absent: there are none, and a user that names one is refused. */
  readonly rooms?: Rooming;
  readonly connect: (listener: ChannelListener) => Promise<BrokerConnection>;
  /** A user that waits longer for what it missed is told of a gap, in milliseconds. */
  readonly replayWaitMs?: number;
}

/**
 * How messages get to the users of a room and to nobody else. `filtered`: all rooms share the topic, so that every node
 * hears everything and hands on what concerns its users. `subscribed`: each room has a topic, and a node subscribes to
 * those of its users.
 */
export type Rooming = "filtered" | "subscribed";

/** The channel as a whole, where there are no rooms. */
const everybody = "";

interface Room {
  readonly joined: Set<ChannelUser>;
  /** Users who are in it, or about to be. */
  members: number;
  readonly subscribed: Promise<void>;
}

export interface ChannelCounts {
  /** Connections, welcomed or not. */
  readonly users: number;
  /** Messages of this node's users that the broker has taken. */
  readonly publications: number;
  /** Messages the broker handed to this node, whomever they concern; replayed ones not. */
  readonly brokerDeliveries: number;
  /** Messages handed to users, replayed ones included. */
  readonly deliveries: number;
  readonly slowConsumers: number;
}

/** Of one node's users, on their way to a broker that does not answer. */
const pendingPublicationsMax = 10_000;
const pendingBytesMax = 64 * 1024 * 1024;

const defaultReplayWaitMs = 10_000;

/** What a node adds to a publication it delivers: the mark, and a position as long as a broker might give. */
const deliveryOverheadBytes = 256;

const gapText = encodeNodeMessage({ type: "gap" });

/**
 * The users of one node who are in the channel of the cluster, whatever protocol they come by. What one publishes goes to
 * the broker, and comes to everybody from there, the publisher included: one order for all.
 */
export class Channel implements ChannelOfUser {
  readonly node: string;
  readonly sessions: SessionStore;
  readonly behaviour: Behaviour;
  readonly custody = new Custody();
  readonly #limits: Limits;
  readonly #broker: BrokerConnection;
  readonly #replays: Replays | undefined;
  readonly #rooming: Rooming | undefined;
  /** Everybody with a connection, and by room those of them who are welcomed. */
  readonly #users = new Set<ChannelUser>();
  readonly #rooms = new Map<string, Room>();
  #brokerDeliveries = 0;
  #publications = 0;
  #deliveries = 0;
  #slowConsumers = 0;
  #pendingPublications = 0;
  #pendingBytes = 0;

  private constructor(options: ChannelOptions, broker: BrokerConnection) {
    this.node = options.node;
    this.sessions = options.sessions;
    this.#limits = options.limits;
    this.#broker = broker;
    this.#rooming = options.rooms;
    // A replay brings everything, and not what was said in one room.
    if (options.history && options.rooms === undefined) {
      this.#replays = new Replays({
        broker,
        encode: (message) => this.#encode(message),
        heldBytesMax: options.limits.queueBytesMax,
        waitMsMax: options.replayWaitMs ?? defaultReplayWaitMs,
      });
    }
    this.behaviour = (connection) => {
      const user = new ChannelUser(this, connection, this.#limits.queueBytesMax);
      this.#users.add(user);
      return user;
    };
  }

  /** Resolves with a channel whose broker is live; rejects as connecting does. */
  static async open(options: ChannelOptions): Promise<Channel> {
    // Until the connection is there nobody is in the channel who could miss anything.
    let channel: Channel | undefined;
    const broker = await options.connect({
      onMessage: (message) => channel?.deliver(message),
      onStatus: (status) => channel?.brokerIs(status),
    });
    channel = new Channel(options, broker);
    return channel;
  }

  get counts(): ChannelCounts {
    return {
      users: this.#users.size,
      publications: this.#publications,
      brokerDeliveries: this.#brokerDeliveries,
      deliveries: this.#deliveries,
      slowConsumers: this.#slowConsumers,
    };
  }

  get brokerLive(): boolean {
    return this.#broker.live;
  }

  get position(): string | undefined {
    return this.#broker.position;
  }

  /** Everybody with a connection, those who came first in front. */
  get users(): Iterable<ChannelUser> {
    return this.#users;
  }

  /** Resolves when what is said in the room from now on will arrive. Rejects where there are no rooms, or none to be had. */
  async enter(room = everybody): Promise<void> {
    if (room !== everybody && this.#rooming === undefined) throw new WirebenchError("usage", "there are no rooms");
    const known = this.#rooms.get(room);
    if (known !== undefined) known.members += 1;
    else {
      const alone = room === everybody || this.#rooming === "filtered";
      const subscribed = alone ? Promise.resolve() : this.#broker.subscribe(room);
      this.#rooms.set(room, { joined: new Set(), members: 1, subscribed });
    }
    try {
      await this.#rooms.get(room)!.subscribed;
    } catch (error) {
      this.exit(room);
      throw error;
    }
  }

  /** For everybody who entered, once. */
  exit(room = everybody): void {
    const entered = this.#rooms.get(room)!;
    entered.members -= 1;
    if (entered.members > 0) return;
    this.#rooms.delete(room);
    if (room !== everybody && this.#rooming === "subscribed") this.#broker.unsubscribe(room);
  }

  async publish(message: ChannelMessage, room = everybody): Promise<void> {
    const number = this.custody.publishing(message);
    const publication = encodePublication({ from: this.node, message });
    const text = room === everybody || this.#rooming === "subscribed" ? publication : encodeInRoom(room, publication);
    const bytes = Buffer.byteLength(text);
    if (bytes + deliveryOverheadBytes > this.#limits.payloadBytesMax) {
      this.custody.published(number, "too-large");
      throw new WirebenchError("payload-too-large", "the message is too large to be delivered");
    }
    if (this.#pendingPublications >= pendingPublicationsMax || this.#pendingBytes + bytes > pendingBytesMax) {
      this.custody.published(number, "congested");
      throw new WirebenchError("queue-full", "too many messages wait for the broker");
    }
    this.#pendingPublications += 1;
    this.#pendingBytes += bytes;
    try {
      await this.#broker.publish(text, room === everybody || this.#rooming === "filtered" ? undefined : room);
      this.#publications += 1;
      this.custody.published(number, "accepted");
    } catch (error) {
      const code = error instanceof WirebenchError ? error.code : undefined;
      const fate = code === "queue-full" ? "congested" : code === "payload-too-large" ? "too-large" : "refused";
      this.custody.published(number, fate);
      throw error;
    } finally {
      this.#pendingPublications -= 1;
      this.#pendingBytes -= bytes;
    }
  }

  replay(after: string | undefined, take: (replayed: Replayed | undefined) => void): void {
    if (this.#replays === undefined || after === undefined) take(undefined);
    else this.#replays.ask(after, take);
  }

  /** A message from the broker. */
  deliver(arrived: BrokerMessage): void {
    this.#brokerDeliveries += 1;
    const { room = everybody, message } = this.#sorted(arrived);
    this.custody.received(message.text);
    const joined = this.#rooms.get(room)?.joined;
    // What concerns nobody here is not worth encoding, unless somebody who is coming may have missed it.
    if (joined === undefined && this.#replays === undefined) return;
    const delivery = this.#encode(message);
    this.#replays?.live(delivery);
    for (const user of joined ?? []) user.deliver(delivery);
  }

  /** A message and the room it was said in. */
  #sorted(message: BrokerMessage): { room?: string | undefined; message: BrokerMessage } {
    if (this.#rooming !== "filtered") return { room: message.room, message };
    const { room, publication = message.text } = decodeInRoom(message.text) ?? {};
    return { room, message: { ...message, text: publication } };
  }

  /** What the broker says of the subscription: everybody hears of a hole. */
  brokerIs(status: BrokerStatus): void {
    this.custody.brokerIs(status);
    if (status !== "live-after-gap") return;
    this.#replays?.gap();
    for (const { joined } of this.#rooms.values()) for (const user of joined) user.gap();
  }

  joined(user: ChannelUser, firstReplayed: string | undefined): void {
    this.#rooms.get(user.room ?? everybody)!.joined.add(user);
    if (user.number !== undefined) this.custody.joined(user, user.number, firstReplayed);
  }

  left(user: ChannelUser, why: LeavingReason): void {
    this.#rooms.get(user.room ?? everybody)?.joined.delete(user);
    this.custody.left(user, why);
  }

  gone(user: ChannelUser, gaveUp: boolean): void {
    this.left(user, gaveUp ? "slow" : "peer");
    if (user.entered) this.exit(user.room);
    if (this.#users.delete(user) && gaveUp) this.#slowConsumers += 1;
  }

  delivered(messages: number): void {
    this.#deliveries += messages;
  }

  /** Idempotent, never rejects. The users are the server's to close. */
  async close(): Promise<void> {
    this.#replays?.close();
    await this.#broker.close();
  }

  /** Too large for this node's users is only what another kind of program has published: they are told of the hole. */
  #encode({ text, position }: BrokerMessage): Delivery {
    const encoded = encodeDelivery(text, position);
    const bytes = Buffer.byteLength(encoded);
    return bytes <= this.#limits.payloadBytesMax
      ? { text: encoded, bytes, position }
      : { text: gapText, bytes: gapText.length, position };
  }
}
