/** The contract between a cluster node and what carries messages between the nodes: types only. */
import type { Durability } from "../../../protocol/durability.ts";

/** Facts about a broker that shared code and reports may ask for; each is written down here and then tested. */
export interface BrokerTraits {
  /** Kebab-case, with `+configuration` where it is not the plain one; the word of the command line, results and reports. */
  readonly name: string;
  /** As a human writes it, e.g. `Redis Streams`. */
  readonly title: string;
  /** One sentence for `wirebench list`. */
  readonly summary: string;
  /** What a node that stays connected to a broker that stays up may count on. */
  readonly delivery: "at-most-once" | "at-least-once";
  /** Whether messages are kept, so that a node or a client that was away can ask for what it missed. */
  readonly history: boolean;
  /** In which order every node sees the messages: all alike, or only those of one publishing node in order. */
  readonly order: "total" | "per-publisher";
  /** The largest message it carries, in bytes of UTF-8; absent: larger than any a node publishes. */
  readonly messageBytesMax?: number;
  /** A node can subscribe to rooms, which are topics beside the cluster's own. */
  readonly rooms?: true;
  /** A node asks for messages, one question after the other, instead of being sent them. */
  readonly polled?: true;
  /** What its program is started with, if wirebench starts it; what a crash loses follows from it (`lossesOf`). */
  readonly durability: Durability;
  /** Name of the program in `servers/programs/programs.ts` that must run; absent where none is needed. */
  readonly component?: string;
  /** npm packages that speak to it. */
  readonly libraries: readonly string[];
}

/** One message as it comes from the broker. */
export interface BrokerMessage {
  readonly text: string;
  /** It was published to; absent: to the topic itself. */
  readonly room?: string;
  /** Where it stands in the broker's history, opaque; absent where there is none. */
  readonly position?: string;
}

export interface BrokerConnectOptions {
  /** Where the broker listens, in the scheme its component gives (`redis://`, `nats://`, `kafka://`, `memory://`). */
  readonly url: string;
  /** Every node of a cluster publishes to and receives from this one topic; unique per cluster. Letters, digits, `-`. */
  readonly topic: string;
  /** Name of the node, unique in its cluster. */
  readonly node: string;
  /**
   * Kafka only: nodes that name the same group share the messages instead of each getting all of them, which is the
   * classic mistake. Absent: every node has a position of its own. Other brokers ignore it.
   */
  readonly consumerGroup?: string;
  /** Aborts connecting; nothing is left open then. */
  readonly signal: AbortSignal;
  /** Every message published to the topic since the connection was live, this node's own included, in order. */
  readonly onMessage: (message: BrokerMessage) => void;
  /** See `BrokerStatus`; called on every change after `connect` resolved. */
  readonly onStatus: (status: BrokerStatus) => void;
}

/**
 * `live`: the subscription works, and nothing published since the last time it did was missed.
 * `live-after-gap`: it works again, but messages may have been missed that cannot be recovered.
 * `lost`: it does not work; the client keeps trying to get it back.
 */
export type BrokerStatus = "live" | "live-after-gap" | "lost";

/** One node's link to the broker. It reconnects by itself, quickly and without end, until it is closed. */
export interface BrokerConnection {
  /** The subscription is confirmed by the broker and works: what is published from now on will arrive. */
  readonly live: boolean;
  /** Of the last message handed over, or of the end of the history when the subscription began. */
  readonly position: string | undefined;
  /**
   * Resolves when the broker has taken the message, as far as the broker can say so (at most once: when it was handed
   * to the kernel on a connection that works). Rejects when it was not taken or nobody can tell. Never queues behind a
   * lost connection: a publisher must hear of it at once. Order of calls is order of messages.
   */
  publish(text: string, room?: string): Promise<void>;
  /**
   * What is published to the room from when this resolves on will arrive, over every session until `unsubscribe`. Rejects
   * where the broker has no rooms, or the connection is lost before the answer; then it is not subscribed to.
   */
  subscribe(room: string): Promise<void>;
  /** Returns at once; what is on its way may still arrive. */
  unsubscribe(room: string): void;
  /**
   * Everything after `position` up to now, oldest first. Undefined where the broker has no history, no longer has all
   * of it, or it is more than `replayMessagesMax`: all or a declared gap, never a part.
   */
  replay(position: string): Promise<readonly BrokerMessage[] | undefined>;
  /** Idempotent; resolves when nothing is left open. Never rejects. */
  close(): Promise<void>;
}

/** The most messages one replay hands over. */
export const replayMessagesMax = 10_000;

export interface Broker {
  readonly traits: BrokerTraits;
  /** Resolves when the subscription is live. Rejects with `WirebenchError` `connect-refused` or `connect-failed`. */
  connect(options: BrokerConnectOptions): Promise<BrokerConnection>;
  /** Deletes what a cluster that is over left in the server. Absent where nothing outlives the connections. */
  removeTopics?(topics: TopicsOfCluster): Promise<void>;
}

export interface TopicsOfCluster {
  readonly url: string;
  /** With which the names of all of them begin, and of no others. Letters, digits, `-`. */
  readonly prefix: string;
}
