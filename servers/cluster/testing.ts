/** What the tests of the cluster share: a broker whose every step the test decides, and a user without a network. */
import { setImmediate as turn } from "node:timers/promises";
import type { Behaviour, ConnectionHandler, Payload } from "../../protocol/contract.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import {
  type ChannelMessage,
  decodeNodeMessage,
  encodeUserMessage,
  type NodeMessage,
  type UserMessage,
} from "../../protocol/wires/channel.ts";
import type { Broker, BrokerConnection, BrokerConnectOptions, BrokerMessage, BrokerStatus } from "./broker/broker.ts";

/** Hands every message to every link at once, unless the link is held; positions count from 1. */
export class TestBroker implements Broker {
  readonly traits: Broker["traits"];
  readonly log: BrokerMessage[] = [];
  readonly links = new Map<string, TestLink>();
  reachable = true;
  /** Answers to replays wait for it. */
  gate: Promise<void> | undefined;
  /** The positions that were asked for. */
  readonly replays: string[] = [];

  constructor({ history = true } = {}) {
    this.traits = {
      name: "test",
      title: "Test",
      summary: "in the memory of the test",
      delivery: "at-least-once",
      history,
      order: "total",
      durability: { fsync: "never", replicas: 1, acknowledgedBy: 1 },
      libraries: [],
    };
  }

  async connect(options: BrokerConnectOptions): Promise<TestLink> {
    if (!this.reachable) throw new WirebenchError("connect-refused", `nothing listens at ${options.url}`);
    const link = new TestLink(this, options);
    this.links.set(options.node, link);
    return link;
  }
}

export class TestLink implements BrokerConnection {
  live = true;
  position: string | undefined;
  readonly #broker: TestBroker;
  readonly #options: BrokerConnectOptions;
  #held: BrokerMessage[] | undefined;

  constructor(broker: TestBroker, options: BrokerConnectOptions) {
    this.#broker = broker;
    this.#options = options;
    if (broker.traits.history) this.position = String(broker.log.length);
  }

  async publish(text: string, room?: string): Promise<void> {
    if (!this.live) throw new WirebenchError("closed", "the broker is away");
    const { log, links, traits } = this.#broker;
    const message = {
      text,
      ...(room !== undefined && { room }),
      ...(traits.history && { position: String(log.length + 1) }),
    };
    log.push(message);
    for (const link of links.values()) link.hand(message);
  }

  readonly rooms = new Set<string>();

  async subscribe(room: string): Promise<void> {
    this.rooms.add(room);
  }

  unsubscribe(room: string): void {
    this.rooms.delete(room);
  }

  async replay(position: string): Promise<readonly BrokerMessage[] | undefined> {
    const { gate, log, replays, traits } = this.#broker;
    replays.push(position);
    await (gate ?? turn());
    if (!this.live) throw new WirebenchError("closed", "the broker is away");
    return traits.history && Number(position) <= log.length ? log.slice(Number(position)) : undefined;
  }

  hand(message: BrokerMessage): void {
    if (message.room !== undefined && !this.rooms.has(message.room)) return;
    if (this.#held !== undefined) this.#held.push(message);
    else if (this.live) {
      this.position = message.position;
      this.#options.onMessage(message);
    }
  }

  /** From now on this node lags behind, until it is released. */
  hold(): void {
    this.#held = [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const message of held) this.hand(message);
  }

  becomes(status: BrokerStatus): void {
    this.live = status !== "lost";
    this.#options.onStatus(status);
  }

  async close(): Promise<void> {
    this.live = false;
    this.#broker.links.delete(this.#options.node);
  }
}

export const channelMessage = (sequence: number, publisher = 0, body = ""): ChannelMessage => ({
  publisher,
  sequence,
  body,
});

/** A user whose connection is a list. */
export class FakeUser {
  readonly heard: NodeMessage[] = [];
  ended: "normal" | "restart" | undefined;
  readonly #handler: ConnectionHandler;

  constructor(behaviour: Behaviour) {
    this.#handler = behaviour({
      send: (payload: Payload) => {
        if (this.ended === undefined) this.heard.push(decodeNodeMessage(payload)!);
      },
      close: (why) => {
        this.ended ??= why ?? "normal";
      },
    });
  }

  say(message: UserMessage): this {
    return this.sayRaw(encodeUserMessage(message));
  }

  sayRaw(payload: Payload): this {
    if (this.ended === undefined) this.#handler.message(payload);
    return this;
  }

  /** The network saw the end. */
  close(gaveUp = false): void {
    if (gaveUp) this.#handler.gaveUp?.();
    this.#handler.closed();
  }

  of<Type extends NodeMessage["type"]>(type: Type): Extract<NodeMessage, { type: Type }>[] {
    return this.heard.filter((message) => message.type === type) as Extract<NodeMessage, { type: Type }>[];
  }

  /** Sequence numbers of the deliveries, in their order. */
  get sequences(): number[] {
    return this.of("delivery").map(({ message }) => message.sequence);
  }

  /** Resolves when the message with this type is here, or so many of them. */
  async until(type: NodeMessage["type"], count = 1): Promise<this> {
    while (this.of(type).length < count) await turn();
    return this;
  }
}
