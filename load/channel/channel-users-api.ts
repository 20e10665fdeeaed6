/**
 * What is asked of the users of a channel, all of them together, whether they are one process or several: what was published
 * and what arrived stands in one ledger and on one clock. Data only. Times are nanoseconds of the host's monotonic clock.
 */
import type { ClientKind, Limits, Options } from "../../protocol/contract.ts";
import type { WireBytes } from "../metering/wire-bytes.ts";
import type { Backoff } from "./backoff.ts";
import type { KnownBy } from "./identity.ts";

export interface ConnectOrder {
  readonly protocol: string;
  /** A kind that the protocol has. */
  readonly client: ClientKind;
  /** The nodes are Socket.IO servers, which frame what is said in their own way. Absent: they speak the protocol itself. */
  readonly framing?: "socket.io";
  /** Where the load balancer listens. */
  readonly url: string;
  /**
   * Where it listens too: users begin with one address each, in turn, and after a try that failed go on with the next. As
   * with one name that has several addresses, they share a user's cookies.
   */
  readonly otherUrls?: readonly string[];
  readonly users: number;
  /** In rooms of so many, one after the other, in each of which everybody is owed what is said there; absent: in one. */
  readonly usersPerRoom?: number;
  /** Users tell their numbers to the nodes, so that these know for whom they did what. Absent: they do. */
  readonly named?: boolean;
  readonly cookies: "kept" | "ignored";
  /** How the load balancer can tell users apart; absent: by a cookie at most. */
  readonly knownBy?: KnownBy;
  /** Ask for what was missed when coming back. */
  readonly resume: boolean;
  readonly backoff: Backoff;
  readonly seed: number;
  readonly limits: Limits;
  /** Of the body of a published message, without its envelope; a body has as many as its header needs at least. */
  readonly payloadBytes: number;
  /** Of the target. */
  readonly options: Options;
  /** Handshakes under way at a time. */
  readonly concurrent: number;
}

/** How users are spread: by the name of the node that welcomed them. */
export type PerNode = Record<string, number>;

export interface PublishOrder {
  /** First message is due then. */
  readonly startNs: number;
  readonly durationMs: number;
  /** Over all publishers, evenly spaced; the publishers take turns. */
  readonly ratePerSecond: number;
  /** The first so many users publish; absent: all. */
  readonly publishers?: number;
  /** Of these, only users that are on one of these nodes when the order comes. */
  readonly publishersOn?: readonly string[];
}

/** Closed loop through the whole chain: a publisher sends the next message when its own came back to it. */
export interface ChainOrder {
  readonly startNs: number;
  readonly durationMs: number;
  /**
   * Of the duration, the beginning that rates leave out: until the first messages have come back nothing arrives, and
   * code that has just started is slow.
   */
  readonly warmUpMs: number;
  readonly inFlight: number;
  readonly publishers?: number;
}

/** Of everything since the users connected, or since `reset`. */
export interface Ledger {
  /** Handed to a connection by a publisher. Every user should receive each of them exactly once. */
  readonly publishedMessages: number;
  /** Due while the publisher had no connection: never handed over, so nothing was promised. */
  readonly unsentMessages: number;
  readonly acceptedMessages: number;
  /** The publisher was told that the message may not arrive. */
  readonly rejectedMessages: number;
  /**
   * Published times users, those of the publisher's room if there are rooms. A user that joined later is owed what was sent after its first welcome; a user that was
   * there from the start is owed everything, even if it never got in.
   */
  readonly expectedDeliveries: number;
  /** Of the expected, those that arrived at least once. */
  readonly deliveries: number;
  /** Expected and not arrived. The two below add up to it. */
  readonly missingDeliveries: number;
  /** The publisher was told (`rejected`), or the recipient was (`gap`, or not recovered on resume) after it was sent. */
  readonly declaredLossDeliveries: number;
  /** Nobody was told. */
  readonly silentLossDeliveries: number;
  /** Of the missing, those sent while the recipient was connected all the time up to the end of the ledger or 1 s on. */
  readonly missingWhileConnectedDeliveries: number;
  /** Arrivals beyond the first, replayed or not. */
  readonly duplicatedDeliveries: number;
  /**
   * Of the deliveries, those that came after a later one of the same publisher (RFC 4737, section 3.3). A replay is no
   * excuse: it is to come before what is new, so whoever replays later shows the user a wrong order.
   */
  readonly reorderedDeliveries: number;
  /**
   * Arrivals that are no message of a node, or not the message that was published, byte for byte. None is a delivery
   * too: what it should have been is missing.
   */
  readonly corruptedDeliveries: number;
  /** Of the deliveries, those sent before the recipient's latest welcome, which promised all that was missed. */
  readonly replayedDeliveries: number;
  /** Arrivals nobody waits for: sent before `reset`, not owed to a newcomer, or never published by these users. */
  readonly strayDeliveries: number;
  /**
   * Of the expected and the deliveries: publisher and recipient on the same node when it was sent, or not. A recipient
   * without a connection is on no node.
   */
  readonly sameNodeExpected: number;
  readonly sameNodeDeliveries: number;
  readonly crossNodeExpected: number;
  readonly crossNodeDeliveries: number;
  /** Deliveries per second between the first instant of a window of traffic, after the warm-up, and its last. */
  readonly deliveriesPerSecond: number;
  readonly publishedPerSecond: number;
  /**
   * Share of the busiest window of traffic in which the event loop of the users had something to do, from 0 to 1: of the
   * busiest process, if they are several. What an open loop's pacing polls for, by which a wake-up was early, counts as
   * busy, and so does waiting for a core.
   */
  readonly usersEventLoopUtilization: number;
  /** The same, of the CPU time of the thread that is the users: near 1 they could not have taken more. */
  readonly usersCpuShare: number;
  /** The longest time, in any window of traffic, in which the event loop of the users did not turn. */
  readonly usersStallMaxMs: number;
  /** Notices of a gap that users were given: `gap`, and `welcome` with `recovered: "gap"`. */
  readonly gapNotices: number;
  /** As `histograms` below, sent to arrived, by the node the recipient was on when it was sent; on none: left out. */
  readonly histogramsPerNode: Readonly<Record<string, string>>;
  /** HdrHistogram V2 base64, nanoseconds, from the schedule (open loop) or the sending (closed loop) to the arrival. */
  readonly histograms: {
    readonly sameNodeDelivery?: string;
    readonly crossNodeDelivery?: string;
    /** Per message that reached all: to the first, the median and the last recipient. */
    readonly firstRecipient?: string;
    readonly medianRecipient?: string;
    readonly lastRecipient?: string;
    /** Sent - scheduled: how late the users themselves were. */
    readonly dispatch?: string;
  };
}

/** What became of steps or of coming back. */
export interface StateFound {
  readonly asked: number;
  /** The state was there, and as far on as the user left it. */
  readonly found: number;
  /** The user was let in or answered, but the state was not there. */
  readonly notFound: number;
  /** No answer: refused, cut off, or too late. */
  readonly failed: number;
  /** Answered by the node that answered this user last. */
  readonly sameNode: number;
  readonly perNode: PerNode;
}

/** Per user, in the order of events; for failover clocks. */
export interface Outage {
  readonly user: number;
  readonly disconnectedNs: number;
  /** The one it was cut off from. */
  readonly node: string;
  readonly reason: string;
  readonly reconnectedNs?: number;
  /** First delivery after it that is new to the user, other than a replayed one. */
  readonly firstDeliveryNs?: number;
  readonly attempts: number;
  /** The session's state was found on coming back, and as far on as the user left it. */
  readonly found?: boolean;
}

/** A delivery that is owed and has not arrived: what the users know of it. */
export interface MissingDelivery {
  readonly publisher: number;
  readonly sequence: number;
  /** The recipient. */
  readonly user: number;
  readonly sentNs: number;
  /** What the publisher was told; `none`: nothing so far, and nothing will be told if its connection has ended. */
  readonly answer: "accepted" | "rejected" | "none";
  /** Where the publisher was when it sent it. */
  readonly publisherNode: string;
  /** Where the recipient was then; absent: it had no connection. */
  readonly recipientNode?: string;
  /** When that connection of the recipient ended; absent: it has not, or there was none. */
  readonly recipientEndedNs?: number;
  /** The recipient was connected when it was sent, and without a break to the end of the ledger or 1 s on. */
  readonly recipientStayed: boolean;
}

export interface Missing {
  /** In the order of recipients, and of each in the order of publishing. */
  readonly deliveries: readonly MissingDelivery[];
  /** Missing beyond those listed. */
  readonly unlisted: number;
}

/** A part of one user's time, e.g. while it was away. */
export interface UserSpan {
  readonly user: number;
  readonly fromNs: number;
  readonly toNs: number;
}

/** Deliveries, of messages sent in given spans. */
export interface Owed {
  readonly owed: number;
  /** Of these, what has not arrived. */
  readonly missing: number;
}

export interface Counts {
  /** Users with a connection and a welcome. */
  readonly connected: number;
  readonly perNode: PerNode;
  /** Distinct messages published, and distinct (message, user) deliveries. */
  readonly published: number;
  readonly deliveries: number;
  /** Tries to connect since the users were first told to, and those that failed. */
  readonly attempts: number;
  readonly failedAttempts: number;
}

export interface SeriesOrder {
  readonly startNs: number;
  readonly endNs: number;
  readonly stepMs: number;
}

export interface ChannelUsersSeries {
  /** At the end of each step. */
  readonly connectedUsers: number[];
  readonly deliveriesPerSecond: number[];
  readonly attemptsPerSecond: number[];
}

export interface ChannelUsersApi {
  /** Connects everybody and waits for their welcome; users that fail are counted and keep trying with their back-off. */
  connect(order: ConnectOrder): Promise<{ counts: Counts; connectHistogram: string }>;
  /** Resolves when the last message was due and sent. */
  publish(order: PublishOrder): Promise<void>;
  chain(order: ChainOrder): Promise<void>;
  /** Stops a running publish or chain early. */
  halt(): Promise<void>;
  /**
   * Resolves when every expected delivery is in and every publisher answered or cut off, or nothing arrived for
   * `quietMs`, or after `maxMs`.
   */
  drain(order: { quietMs: number; maxMs: number }): Promise<void>;
  /** Resolves with true when so many are connected, false after `maxMs`. */
  untilConnected(order: { users: number; maxMs: number }): Promise<boolean>;
  ledger(): Promise<Ledger>;
  /** What the ledger counts as missing, the first `max` of it one by one. */
  missing(order: { max: number }): Promise<Missing>;
  /** Of the messages sent within the spans, their ends excluded. */
  owedWithin(spans: readonly UserSpan[]): Promise<Owed>;
  /** Forgets ledger, outages and attempts; connections, sessions and series stay. */
  reset(): Promise<void>;
  /**
   * Every user, one after the other or `concurrent` at a time, asks so many steps of its session. Without a connection
   * a step fails at once. A user whose state was not there starts again from what it is told.
   */
  step(order: { times: number; concurrent: number; timeoutMs: number }): Promise<StateFound>;
  /**
   * Every user closes its connection in an orderly way and comes back at once, naming its session. One try counts;
   * whoever fails goes on with its back-off. No outage, since it is meant. `together`: everybody has left before the
   * first comes back; absent or false, each leaves and comes back in its turn, with the others still there.
   */
  rejoin(order: { together?: boolean; concurrent: number; timeoutMs: number }): Promise<StateFound>;
  outages(): Promise<readonly Outage[]>;
  counts(): Promise<Counts>;
  series(order: SeriesOrder): Promise<ChannelUsersSeries>;
  /** Of all connections together, since the process began; `reset` does not touch it. */
  wireBytes(): Promise<WireBytes>;
  /** Adds so many users with the same order, e.g. newcomers after a node was added. */
  join(order: { users: number }): Promise<Counts>;
  /** All users close their connections in an orderly way and stay away. */
  close(): Promise<void>;
}
