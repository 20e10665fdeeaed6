/**
 * One user of a cluster: keeps a connection through the load balancer, comes back by itself when it ends, and says what
 * happens. Everything about a message happens in the turn it arrived in; nothing here waits without a bound.
 */
import { nowNs } from "../../protocol/clock.ts";
import type {
  ClientConnection,
  CloseReason,
  CookieJar,
  Limits,
  Options,
  Payload,
  ProtocolClient,
} from "../../protocol/contract.ts";
import { describeError, WirebenchError } from "../../protocol/errors.ts";
import {
  decodeNodeMessage,
  encodeUserMessage,
  isDelivery,
  type NodeMessage,
  type UserMessage,
} from "../../protocol/wires/channel.ts";
import { connectClient } from "../users/connect.ts";
import { type Backoff, waitMs } from "./backoff.ts";
import type { ChannelCodec, ReceivedMessage } from "./channel-codec.ts";
import { Session } from "./session.ts";

/** From the first byte to the welcome; then the try has failed. */
export const attemptMsMax = 3000;

export interface UserOptions {
  readonly id: number;
  /** Tells its number to the nodes, which then can say what they did for it. */
  readonly named: boolean;
  /** It takes part in, alone. */
  readonly room?: string;
  readonly client: ProtocolClient;
  /** Reads what is delivered. */
  readonly codec: ChannelCodec;
  /** It begins with the first, and goes on with the next after a try that failed. */
  readonly urls: readonly string[];
  /** Address it connects from. Absent: any. */
  readonly localAddress?: string;
  readonly limits: Limits;
  /** Of the target. */
  readonly options: Options;
  /** A new, empty one; absent: cookies are ignored. */
  readonly newCookieJar?: () => CookieJar;
  /** Asks for what it missed when it comes back. */
  readonly resume: boolean;
  readonly backoff: Backoff;
  readonly random: () => number;
}

/** How a user got in. */
export interface Welcomed {
  readonly node: string;
  /** The node is the one that answered this user last. */
  readonly sameNode: boolean;
  /** The state was there, as far on as it was left; undefined the first time. */
  readonly found: boolean | undefined;
  readonly recovered: "all" | "gap" | undefined;
  /** From the start of the try. */
  readonly tookNs: number;
}

/** What a step was answered with. */
export type Stepped = Pick<Welcomed, "node" | "sameNode"> & { readonly found: boolean };

/** Called in the turn in which it happens. */
export interface UserEvents {
  attempted(user: number): void;
  attemptFailed(user: number, reason: string): void;
  welcomed(user: number, how: Welcomed, atNs: number): void;
  /** The connection ended after a welcome. `why` is undefined if the user itself ended it. */
  ended(user: number, why: string | undefined, atNs: number): void;
  delivered(user: number, message: ReceivedMessage, atNs: number): void;
  /** What arrived is no message of a node, or not one that users publish. */
  corrupted(user: number, atNs: number): void;
  answered(user: number, sequence: number, answer: "accepted" | "rejected", atNs: number): void;
  gap(user: number, atNs: number): void;
}

/** One try to connect, and the connection it became. */
interface Link {
  readonly startNs: number;
  readonly abort: AbortController;
  readonly settled: PromiseWithResolvers<Welcomed | undefined>;
  readonly deadline: NodeJS.Timeout;
  connection?: ClientConnection;
  welcomed: boolean;
}

export class User {
  readonly id: number;
  readonly #options: UserOptions;
  readonly #events: UserEvents;
  readonly #session = new Session();
  readonly #steps = new Map<number, (answer: Stepped | undefined) => void>();
  /** Ends of given-up connections that are still being seen through. */
  readonly #closing = new Set<Promise<void>>();
  #cookies: CookieJar | undefined;
  #link: Link | undefined;
  #node: string | undefined;
  #lastNode: string | undefined;
  #position: string | undefined;
  #requests = 0;
  #failures = 0;
  #retries = 0;
  #retry: NodeJS.Timeout | undefined;
  #left = false;

  constructor(options: UserOptions, events: UserEvents) {
    this.id = options.id;
    this.#options = options;
    this.#events = events;
    this.#cookies = options.newCookieJar?.();
  }

  /** Name of the node that welcomed it; undefined without a connection. */
  get node(): string | undefined {
    return this.#node;
  }

  /** One try now, in at most `tryMs` and 3 s; undefined when it failed. From then on it tries by itself. */
  async connect(tryMs = attemptMsMax): Promise<Welcomed | undefined> {
    const timeoutMs = Math.min(tryMs, attemptMsMax);
    clearTimeout(this.#retry);
    this.#giveUp("a new try");
    if (this.#left) return undefined;
    const link: Link = {
      startNs: nowNs(),
      abort: new AbortController(),
      settled: Promise.withResolvers(),
      deadline: setTimeout(() => this.#failed(link, `no welcome within ${timeoutMs / 1000} s`), timeoutMs),
      welcomed: false,
    };
    this.#link = link;
    this.#events.attempted(this.id);
    void this.#open(link);
    return link.settled.promise;
  }

  /** Throws `WirebenchError` `closed`, `payload-too-large` or `queue-full`: then nothing was handed over. */
  send(text: string): void {
    if (this.#node === undefined) throw new WirebenchError("closed", "the user has no connection");
    this.#link!.connection!.send(text);
  }

  /** One more step of its session; undefined without a connection or an answer within `timeoutMs`. */
  step(timeoutMs: number): Promise<Stepped | undefined> {
    const request = this.#requests++;
    try {
      this.send(encodeUserMessage({ type: "step", request }));
    } catch {
      return Promise.resolve(undefined);
    }
    this.#session.asked();
    const { promise, resolve } = Promise.withResolvers<Stepped | undefined>();
    const settle = (answer: Stepped | undefined): void => {
      clearTimeout(late);
      this.#steps.delete(request);
      resolve(answer);
    };
    const late = setTimeout(settle, timeoutMs, undefined);
    this.#steps.set(request, settle);
    return promise;
  }

  /** Ends its connection in an orderly way and stays away until it is told to `connect`; takes at most 2 s. */
  async disconnect(): Promise<void> {
    clearTimeout(this.#retry);
    const link = this.#link;
    if (link?.connection === undefined || this.#node === undefined) {
      this.#giveUp("the user left");
      return;
    }
    this.#goneFrom(undefined);
    // What arrives until the node has seen the end still counts as received.
    await link.connection.close();
  }

  /** Stays away for good; resolves when nothing is left open. */
  async close(): Promise<void> {
    this.#left = true;
    await this.disconnect();
    await Promise.all(this.#closing);
  }

  async #open(link: Link): Promise<void> {
    const { id, client, urls, localAddress, limits, options } = this.#options;
    try {
      const connection = await connectClient(client, {
        url: urls[this.#failures % urls.length]!,
        limits,
        user: id,
        options,
        ...(localAddress !== undefined && { localAddress }),
        ...(this.#cookies && { cookies: this.#cookies }),
        signal: link.abort.signal,
        onMessage: (payload) => this.#receive(link, payload),
        onText: (utf8) => this.#receiveText(link, utf8),
      });
      link.connection = connection;
      void connection.closed.then((reason) => this.#ended(link, reason));
      if (this.#link === link) connection.send(encodeUserMessage(this.#hello()));
      else this.#seeThrough(connection);
    } catch (error) {
      this.#failed(link, describeError(error));
    }
  }

  #hello(): UserMessage {
    const { id: session } = this.#session;
    const { id, named, room, resume } = this.#options;
    const hello = { type: "hello", ...(named && { user: id }), ...(room !== undefined && { room }) } as const;
    if (session === undefined) return hello;
    if (!resume) return { ...hello, session };
    const after = this.#position;
    return { ...hello, session, resume: true, ...(after !== undefined && { after }) };
  }

  #receive(link: Link, payload: Payload): void {
    if (typeof payload === "string") this.#receiveText(link, Buffer.from(payload));
    else if (this.#link === link) this.#events.corrupted(this.id, nowNs());
  }

  #receiveText(link: Link, utf8: Buffer): void {
    if (this.#link !== link) return;
    const atNs = nowNs();
    if (!isDelivery(utf8)) {
      const message = decodeNodeMessage(utf8.toString());
      if (message === undefined) this.#events.corrupted(this.id, atNs);
      else this.#take(link, message, atNs);
      return;
    }
    const message = this.#options.codec.read(utf8);
    if (message === undefined) this.#events.corrupted(this.id, atNs);
    else {
      if (message.position !== undefined) this.#position = message.position;
      this.#events.delivered(this.id, message, atNs);
    }
  }

  #take(link: Link, message: NodeMessage, atNs: number): void {
    switch (message.type) {
      case "welcome":
        if (!link.welcomed) this.#welcomed(link, message, atNs);
        break;
      case "stepped": {
        const settle = this.#steps.get(message.request);
        if (settle !== undefined) settle({ ...this.#answeredBy(message.node), found: this.#session.stepped(message) });
        break;
      }
      case "accepted":
      case "rejected":
        this.#events.answered(this.id, message.sequence, message.type, atNs);
        break;
      case "gap":
        this.#events.gap(this.id, atNs);
        break;
      case "moving":
        // A kept cookie would bring it back to the node that is about to go.
        this.#cookies = this.#options.newCookieJar?.();
        break;
    }
  }

  #welcomed(link: Link, message: Extract<NodeMessage, { type: "welcome" }>, atNs: number): void {
    clearTimeout(link.deadline);
    const asked = this.#options.resume && this.#session.id !== undefined;
    // Who asked for what was missed and is not promised all of it knows that some may be missing.
    const recovered = message.recovered ?? (asked ? "gap" : undefined);
    // A replay is yet to come: until it has, what is named as received must not move past it.
    if (recovered !== "all" || this.#position === undefined) this.#position = message.position;
    link.welcomed = true;
    this.#node = message.node;
    this.#retries = 0;
    const { node, sameNode } = this.#answeredBy(message.node);
    const found = this.#session.welcomed(message);
    const how: Welcomed = { node, sameNode, found, recovered, tookNs: atNs - link.startNs };
    this.#events.welcomed(this.id, how, atNs);
    link.settled.resolve(how);
  }

  #answeredBy(node: string): { node: string; sameNode: boolean } {
    const sameNode = node === this.#lastNode;
    this.#lastNode = node;
    return { node, sameNode };
  }

  #ended(link: Link, { by, message }: CloseReason): void {
    if (this.#link !== link) return;
    if (!link.welcomed) {
      this.#failed(link, message);
      return;
    }
    this.#link = undefined;
    if (this.#node === undefined) return;
    this.#goneFrom(`ended by the ${by}: ${message}`);
    this.#retryLater();
  }

  #goneFrom(why: string | undefined): void {
    this.#node = undefined;
    this.#events.ended(this.id, why, nowNs());
    for (const settle of [...this.#steps.values()]) settle(undefined);
  }

  #failed(link: Link, reason: string): void {
    if (this.#link !== link) return;
    this.#failures++;
    this.#giveUp(reason);
    this.#retryLater();
  }

  /** Ends a try that has not become a connection with a welcome. */
  #giveUp(reason: string): void {
    const link = this.#link;
    if (link === undefined) return;
    this.#link = undefined;
    clearTimeout(link.deadline);
    if (this.#node !== undefined) this.#goneFrom(undefined);
    link.abort.abort(new WirebenchError("aborted", reason));
    if (link.connection !== undefined) this.#seeThrough(link.connection);
    if (!link.welcomed) this.#events.attemptFailed(this.id, reason);
    link.settled.resolve(undefined);
  }

  #retryLater(): void {
    if (this.#left) return;
    const { backoff, random } = this.#options;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.connect(), waitMs(backoff, this.#retries++, random));
  }

  #seeThrough(connection: ClientConnection): void {
    const closing = connection.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
