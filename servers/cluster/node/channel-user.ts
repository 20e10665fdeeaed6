import type { ConnectionHandler, Payload, ServerConnection } from "../../../protocol/contract.ts";
import {
  decodeUserMessage,
  encodeNodeMessage,
  type NodeMessage,
  type UserMessage,
} from "../../../protocol/wires/channel.ts";
import type { LeavingReason } from "./custody.ts";
import type { Delivery, Replayed } from "./replays.ts";
import type { OpenedSession, SessionStore } from "./sessions.ts";

/** What a user of a channel needs of it. */
export interface ChannelOfUser {
  readonly node: string;
  readonly sessions: SessionStore;
  /** Where the node stands in the broker's history. */
  readonly position: string | undefined;
  /**
   * Calls back in the turn in which the user may take part in what is live; undefined: nobody knows what was missed.
   * `after`: what the user received last; absent: it does not know.
   */
  replay(after: string | undefined, take: (replayed: Replayed | undefined) => void): void;
  /** Resolves when what is said in the room, or in the channel as a whole, will arrive; rejects where it may not. */
  enter(room: string | undefined): Promise<void>;
  exit(room: string | undefined): void;
  /** Rejects with the reason where the broker may not have the message. */
  publish(message: Extract<UserMessage, { type: "publish" }>["message"], room: string | undefined): Promise<void>;
  /** `firstReplayed`: the first of the deliveries it was just handed out of the broker's history. */
  joined(user: ChannelUser, firstReplayed: string | undefined): void;
  /** From here on it gets nothing; its connection may still be closing. */
  left(user: ChannelUser, why: LeavingReason): void;
  gone(user: ChannelUser, gaveUp: boolean): void;
  delivered(messages: number): void;
}

type Hello = Extract<UserMessage, { type: "hello" }>;

/** Messages taken before the welcome was sent, and steps on their way to the session store, per user. */
const pendingMax = 1000;

/** A replay may fill half of what is queued for a user, or it would be given up as a slow consumer at once. */
export const replayShareOfQueue = 0.5;

/**
 * One user's connection, from its hello to its end: what is no message of the channel, or comes before hello or as a
 * second one, closes it.
 */
export class ChannelUser implements ConnectionHandler {
  readonly #channel: ChannelOfUser;
  readonly #connection: ServerConnection;
  readonly #queueBytesMax: number;
  #state: "new" | "greeting" | "joined" | "left" = "new";
  #session = "";
  /** What came between the hello and the welcome. */
  #early: UserMessage[] = [];
  #pendingSteps = 0;
  /** The user has what comes live up to there, and it, already. */
  #aheadTo: string | undefined;
  #gaveUp = false;
  #number: number | undefined;
  #room: string | undefined;
  #entered = false;

  constructor(channel: ChannelOfUser, connection: ServerConnection, queueBytesMax: number) {
    this.#channel = channel;
    this.#connection = connection;
    this.#queueBytesMax = queueBytesMax;
  }

  /** As it called itself. */
  get number(): number | undefined {
    return this.#number;
  }

  /** Undefined for the channel as a whole. */
  get room(): string | undefined {
    return this.#room;
  }

  /** It is in its room, and has to leave it in the end. */
  get entered(): boolean {
    return this.#entered;
  }

  message(payload: Payload): void {
    if (this.#state === "left") return;
    const message = decodeUserMessage(payload);
    if (message === undefined || (message.type === "hello") !== (this.#state === "new")) this.#close();
    else if (message.type === "hello") void this.#greet(message);
    else if (this.#state === "joined") this.#serve(message);
    else if (this.#early.push(message) > pendingMax) this.#close();
  }

  gaveUp(): void {
    this.#gaveUp = true;
  }

  closed(): void {
    this.#state = "left";
    this.#early = [];
    this.#channel.gone(this, this.#gaveUp);
  }

  /** A message of the channel, in its order. */
  deliver({ text, position }: Delivery): void {
    if (this.#aheadTo === undefined) {
      this.#connection.send(text);
      if (!this.#hasLeft) this.#channel.delivered(1);
    } else if (position === this.#aheadTo) this.#aheadTo = undefined;
  }

  /** Messages may be missing that cannot be recovered. */
  gap(): void {
    this.#aheadTo = undefined;
    this.#send({ type: "gap" });
  }

  /** Tells the user to come back elsewhere, and closes. */
  move(): void {
    if (this.#state === "left") return;
    if (this.#state === "joined") this.#send({ type: "moving" });
    this.#close("restart");
  }

  async #greet(hello: Hello): Promise<void> {
    this.#state = "greeting";
    this.#number = hello.user;
    this.#room = hello.room;
    let opened: OpenedSession;
    try {
      opened = await this.#channel.sessions.open(hello.session);
      await this.#channel.enter(hello.room);
    } catch {
      // Nobody can tell whether the session is there: a wrong "not found" would make the user begin anew.
      return this.#close();
    }
    if (this.#hasLeft) return this.#channel.exit(hello.room);
    this.#entered = true;
    this.#session = opened.session;
    const { after } = hello;
    const comesBack = hello.resume === true && (hello.session !== undefined || after !== undefined);
    if (!comesBack) this.#join(opened, {});
    else {
      this.#channel.replay(after, (replayed) => {
        if (this.#hasLeft) return;
        if (replayed === undefined || !this.#fits(replayed)) this.#join(opened, { recovered: "gap" });
        else this.#join(opened, { recovered: "all", ...(after !== undefined && { position: after }) }, replayed);
      });
    }
  }

  /** All in one turn, so that what is live follows what was replayed. */
  #join(
    opened: OpenedSession,
    stand: { recovered?: "all" | "gap"; position?: string },
    replayed: Replayed = { deliveries: [], aheadTo: undefined },
  ): void {
    const { node, position } = this.#channel;
    this.#state = "joined";
    this.#send({ type: "welcome", node, ...opened, ...(position !== undefined && { position }), ...stand });
    for (const { text } of replayed.deliveries) this.#connection.send(text);
    this.#channel.delivered(replayed.deliveries.length);
    if (this.#hasLeft) return;
    this.#aheadTo = replayed.aheadTo;
    this.#channel.joined(this, replayed.deliveries[0]?.text);
    for (const message of this.#early.splice(0)) this.#serve(message);
  }

  #serve(message: UserMessage): void {
    if (message.type === "step") void this.#step(message.request);
    else if (message.type === "publish") void this.#publish(message.message);
  }

  async #step(request: number): Promise<void> {
    if (++this.#pendingSteps > pendingMax) return this.#close();
    try {
      const stepped = await this.#channel.sessions.step(this.#session);
      this.#send({ type: "stepped", request, node: this.#channel.node, ...stepped });
    } catch {
      this.#close();
    } finally {
      this.#pendingSteps -= 1;
    }
  }

  async #publish(message: Extract<UserMessage, { type: "publish" }>["message"]): Promise<void> {
    const { sequence } = message;
    try {
      await this.#channel.publish(message, this.#room);
      this.#send({ type: "accepted", sequence });
    } catch (error) {
      this.#send({ type: "rejected", sequence, reason: error instanceof Error ? error.message : String(error) });
    }
  }

  #fits({ deliveries }: Replayed): boolean {
    const bytes = deliveries.reduce((sum, delivery) => sum + delivery.bytes, 0);
    return bytes <= this.#queueBytesMax * replayShareOfQueue;
  }

  #send(message: NodeMessage): void {
    this.#connection.send(encodeNodeMessage(message));
  }

  #close(why?: "restart"): void {
    if (this.#hasLeft) return;
    this.#state = "left";
    this.#early = [];
    this.#channel.left(this, why === "restart" ? "moved" : "closed-by-node");
    this.#connection.close(why);
  }

  get #hasLeft(): boolean {
    return this.#state === "left";
  }
}
