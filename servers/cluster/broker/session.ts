/** The contract between a broker's own file and the link that keeps it connected: types only. */
import type { BrokerConnectOptions, BrokerMessage } from "./broker.ts";

/** One subscription over connections that work, from its confirmation to the first failure. It never reconnects. */
export interface Session {
  /** The messages it hands over are those after this; undefined where the broker has no history. */
  readonly position: string | undefined;
  /** What came after the position asked for is no longer all there. */
  readonly gap: boolean;
  /** Begins to hand over; called once, when the link is live. Absent where messages come by themselves. */
  start?(): void;
  /** As `BrokerConnection.publish`, without bounds: the link has them. */
  publish(text: string, room?: string): Promise<void>;
  /** Resolves when the broker has confirmed it. Absent where it has no rooms, as is the next. */
  subscribe?(room: string): Promise<void>;
  unsubscribe?(room: string): Promise<void>;
  /** As `BrokerConnection.replay`; may reject. Absent where the broker has no history. */
  replay?(position: string): Promise<readonly BrokerMessage[] | undefined>;
  /** Resolves when the broker answered something on every connection that can tell. */
  check(): Promise<void>;
  /** Leaves nothing open. May reject; the link bounds its time and calls it once. */
  end(): Promise<void>;
}

export interface SessionContext {
  readonly url: string;
  readonly topic: string;
  readonly node: string;
  readonly consumerGroup: BrokerConnectOptions["consumerGroup"];
  /** To be subscribed to besides the topic, before the session is open. */
  readonly rooms: readonly string[];
  /** Where to go on; undefined: from now on. */
  readonly after: string | undefined;
  /** Opening is no longer wanted: it must reject soon and leave nothing open. Never fires once the session is open. */
  readonly signal: AbortSignal;
  /** The next message. May be called before the session is open; ignored once it is lost or ended. */
  deliver(message: BrokerMessage): void;
  /** Between the last message delivered and the next some may be missing. */
  gap(): void;
  /** The session is of no use any more. Idempotent. */
  lost(): void;
}

/** Opens a session: the broker has confirmed the subscription when it resolves. Nothing is open after it rejects. */
export type OpenSession = (context: SessionContext) => Promise<Session>;
