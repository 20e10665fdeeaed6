/** The contract between the harness and a protocol: types only, so that servers and clients share no code but this. */
import type { ExchangeName } from "./exchanges.ts";
import type { PageClient } from "./page.ts";
import type { Provision } from "./provisions.ts";

/** What an application sends. A string is text, bytes are binary; every wire keeps the two apart. */
export type Payload = string | Uint8Array;

/** A payload as a message carries it. */
export type PayloadForm = "text" | "binary";

/** Which way bytes go: to the server, or from it. */
export type Direction = "up" | "down";

/** Facts about a protocol that shared code and reports may ask for. They never change behaviour by name. */
export interface Traits {
  /** Kebab-case; the word used on the command line, in results and in reports. */
  readonly name: string;
  /** Other words it is known by on the command line; results and reports have only the name. */
  readonly aliases?: readonly string[];
  /** As a human writes it, e.g. `Short polling`. */
  readonly title: string;
  /** One sentence for `wirebench list`. */
  readonly summary: string;
  /** How a client sends: on a stream that stays open, or one request after the other. */
  readonly uplink: "stream" | "request";
  /**
   * How a client receives: on a stream, as the answer to a request the server holds, by asking on a timer, or with the
   * response to whatever it sends next. With the last a server cannot reach a user who says nothing.
   */
  readonly downlink: "stream" | "held-request" | "polled" | "response";
  /** Name of the protocol that stands for this one, another binding or use of the same, in a short run that does not name it. */
  readonly variantOf?: string;
  /** Set on the one protocol that adds almost nothing to TCP: the floor others are compared with. */
  readonly floor?: true;
  /** A text wire must encode binary payloads (base64), which adds a third to their size. */
  readonly framing: "binary" | "text";
  /** URL schemes a target `protocol=URL` may have, e.g. `ws:`. */
  readonly schemes: readonly string[];
  /** What a server someone else wrote must do to be measured as `protocol=URL`. */
  readonly foreignContract: string;
  /** By which way a message comes back, where that is another way on servers of others than on ours. Absent: it is echoed. */
  readonly returnPath?: { readonly ours: string; readonly others: string };
  /** The normative document, e.g. `RFC 6455`. */
  readonly specification: string;
  /** Options a target may have: `name+option` or `name+option=value`. Absent: none. */
  readonly options?: readonly OptionTrait[];
  /** Of a protocol whose users log in before the first message: SASL mechanisms (RFC 4422) that both sides have, best first. */
  readonly mechanisms?: readonly string[];
  /** What it specifies of what applications need, so that nobody has to build it. Absent: nothing. */
  readonly provides?: readonly Provision[];
  /** How a user who was cut off goes on by what server and client bring. Absent: an application's messages must say where. */
  readonly resumesBy?: ResumesBy;
  /** What `+heartbeat` does for those who are connected and silent. Absent: there is no such option. */
  readonly heartbeat?: HeartbeatTrait;
  /** Longest time a message waits by the protocol's own clock, in milliseconds. Absent: it is sent at once. */
  readonly deliveryFloorMs?: (options: Options) => number;
  /**
   * Bytes around one payload of so many bytes that its own server and client send, by arithmetic from the specification:
   * everything between the payload and TLS or TCP but the heads of HTTP messages. Of text that no wire escapes.
   */
  readonly framingBytes?: (form: PayloadForm, payloadBytes: number, direction: Direction) => number;
  /**
   * Whether what its own server sends leaves the process only when the turn of the event loop is over in which it was sent.
   * Absent: each message leaves at once.
   */
  readonly leavesAfterTurn?: (options: Options) => boolean;
  /** npm packages that carry the wire on the two sides; empty where Node itself does. */
  readonly libraries: { readonly server: readonly string[]; readonly client: readonly string[] };
}

/**
 * - `position`: the client names the last message that had a position; the server's behaviour sends what followed.
 * - `session`: the server keeps what the client has not confirmed, and gives it to the connection that follows.
 * - `request`: so it does, and no connection has to follow, since the client asks again for what was not answered.
 */
export type ResumesBy = "position" | "session" | "request";

/** Signs of life, in a protocol's own terms. */
export interface HeartbeatTrait {
  /** The sides that learn by it that the other is gone: those that expect something of the other. */
  readonly noticedBy: readonly ("server" | "client")[];
  /** Of one heartbeat and its answer, in clear and without other options. Absent: heads of HTTP or names are in it. */
  readonly bytes?: number;
  /** Where the usual interval comes from, as a clause. */
  readonly practice: string;
}

/** A way to speak a protocol that a target may ask for. Only the protocol that lists it honours it. */
export interface OptionTrait {
  /** Kebab-case, as on the command line. */
  readonly name: string;
  /** One clause for help and `wirebench list`. */
  readonly summary: string;
  /** Value of a target that does not name the option; absent: the option is off then. */
  readonly default?: string;
  /** Value the conformance suite asks for where the default would only make it slow. */
  readonly conformanceValue?: (options: Options) => string;
  /** The value in the form it is recorded in; `undefined` is the bare option. Throws `usage`. */
  parse(text: string): string;
  /** What it adds to the protocol's title in a report. */
  title(value: string): string;
  /** Why a target that is a URL cannot have it, as a clause. Absent: it can. */
  readonly notWithUrl?: string;
  /** Why a target that another server than ours answers cannot have it, as a clause. Absent: it can. */
  readonly ownServerOnly?: string;
  /** Options of the same protocol that contradict it, each with the reason as a clause. */
  readonly excludes?: Readonly<Record<string, string>>;
  /** Set where only the client that users run honours it: there is no lean one then. */
  readonly libraryOnly?: true;
}

/** Values by option name, defaults included. */
export type Options = Readonly<Record<string, string>>;

/** The bounds every server and client keeps, whatever a peer sends. */
export interface Limits {
  /** Largest payload of one message, in bytes (text counts as UTF-8). */
  readonly payloadBytesMax: number;
  /** Connections a server serves at once; the next is refused in the protocol's own terms. */
  readonly connectionsMax: number;
  /** Time a peer has to finish its handshake or one request, in milliseconds. */
  readonly handshakeMs: number;
  /** Bytes accepted by `send` but not yet taken by the kernel or fetched by the peer, per connection. */
  readonly queueBytesMax: number;
  /** A connection without a permanent stream is given up after this long without a request, in milliseconds. */
  readonly idleMs: number;
}

export const defaultLimits: Limits = {
  payloadBytesMax: 1024 * 1024,
  connectionsMax: 10_000,
  handshakeMs: 10_000,
  queueBytesMax: 16 * 1024 * 1024,
  idleMs: 60_000,
};

/** One client's logical link as the server's behaviour sees it, whatever it rides on. */
export interface ServerConnection {
  /**
   * Queues one message, in order. Never throws for a peer's fault: a closed connection ignores it, and a peer
   * that reads too slowly (`queueBytesMax`) is closed in the protocol's own terms. `position` is what the peer names when
   * it comes back, if the protocol resumes by position; one line without NUL.
   */
  send(payload: Payload, position?: string): void;
  /** Position of the last message that the peer had on a connection before, as it says. Absent: it said nothing. */
  readonly resumesFrom?: string | undefined;
  /** Whether a request of the peer waits here, so that what is sent leaves at once. Absent: nothing ever waits for one. */
  readonly isAwaited?: boolean | undefined;
  /** Bytes accepted by `send` but not yet taken by the kernel or fetched by the peer. Absent: nobody counts them. */
  readonly queuedBytes?: number;
  /**
   * Closes in the protocol's own terms; the peer sees an orderly end. `restart` tells it, where the protocol has a word
   * for that, to come back at once elsewhere (WebSocket: close code 1012).
   */
  close(why?: "restart"): void;
}

/** What a server does with one connection. Called in the turn of the socket event, so it may read the clock. */
export interface ConnectionHandler {
  message(payload: Payload): void;
  /** Called just before `closed` where this side gave the peer up because it did not read (`queueBytesMax`). */
  gaveUp?(): void;
  /** Called once, whatever ended it. */
  closed(): void;
}

/** What a server does, written once for all protocols: called when a connection opens. */
export type Behaviour = (connection: ServerConnection) => ConnectionHandler;

export interface ListenOptions {
  /** Address to bind. The harness only ever passes loopback unless the user asks for another. */
  readonly host: string;
  /** 0 lets the kernel choose a free port. */
  readonly port: number;
  readonly behaviour: Behaviour;
  readonly limits: Limits;
  /** Of the target. Absent: the defaults. */
  readonly options?: Options;
}

export interface RunningServer {
  /** What a client connects to; a client of the same protocol needs nothing else, but for the certificate. */
  readonly url: string;
  /** Of a server that speaks TLS: what the client's process must trust, as PEM. */
  readonly certificate?: string;
  /** Connections open now: handshake done, end not yet seen. */
  readonly connections: number;
  /** Stops listening and drops every connection; resolves when the port is free. Idempotent. */
  close(): Promise<void>;
}

export interface ProtocolServer {
  readonly traits: Traits;
  /** Rejects with the cause if the address cannot be bound. */
  listen(options: ListenOptions): Promise<RunningServer>;
}

export interface CloseReason {
  /** Who ended it: this side, the peer in the protocol's own terms, or a failure below the protocol. */
  readonly by: "client" | "server" | "network";
  /** For a human, e.g. `close code 1009`. */
  readonly message: string;
}

/**
 * One simulated user's link. `send` never waits for the peer; order is kept.
 * Errors thrown are `WirebenchError` with code `closed`, `payload-too-large` or `queue-full`.
 */
export interface ClientConnection {
  send(payload: Payload): void;
  /** The same for a text that is UTF-8 already; the bytes are free again when it returns. Absent: it takes strings only. */
  sendText?(utf8: Uint8Array): void;
  /** What `sends` sends on this connection leaves in one write. Absent: every message leaves by itself. */
  together?(sends: () => void): void;
  /** Messages so far, and the writes that carried them. */
  readonly carried?: { readonly messages: number; readonly writes: number };
  /** Whether what comes is taken, of this user alone, where a connection of several can tell. Absent: it cannot. */
  reads?(on: boolean): void;
  /** Bytes accepted but not yet handed to the kernel. */
  readonly bufferedBytes: number;
  /** What the peer compresses with, in the wire's words (`gzip`, `permessage-deflate`). Absent: nothing is compressed. */
  readonly compression?: string | undefined;
  /** What its server asks of whoever comes back after it: to wait so long, in milliseconds. Absent: it says nothing of it. */
  readonly retryMs?: number | undefined;
  /** Settles exactly once, never rejects. */
  readonly closed: Promise<CloseReason>;
  /** Idempotent; resolves when the peer has seen the end or a bounded wait is over. */
  close(): Promise<void>;
}

/** The cookies of one user for one origin (RFC 6265), kept from one connection to the next. */
export interface CookieJar {
  /** Value of the `Cookie` request header; undefined where there is nothing to send. */
  header(): string | undefined;
  /** Takes in the values of the `Set-Cookie` headers of a response. */
  keep(setCookie: readonly string[]): void;
}

/** A user's wish to miss nothing of what a lost connection did not bring (`Traits.resumesBy`). */
export interface Resumption {
  /** That was lost, of this client and user. Absent: there is none yet, and others may follow this one. */
  readonly of?: ClientConnection | undefined;
  /** Before a client that resumes by request asks again, in milliseconds. */
  readonly retryMs: number;
}

/** A transport connection of several users; they share one by naming the same object. */
export interface SharedConnection {
  /** What is let come unread on a stream, in bytes; absent: what the client allows a user of its own. */
  readonly windowBytes?: number;
}

export interface ConnectOptions {
  readonly url: string;
  readonly limits: Limits;
  /** Which of a run's simulated users this is, from 0: spreads over time what each does on a timer. */
  readonly user: number;
  /** Of the target. Absent: the defaults. */
  readonly options?: Options;
  /** Address of this host to connect from, where the client can choose it. Absent: the system does. */
  readonly localAddress?: string;
  /** Ignored where the protocol does not resume by itself. Absent: what a connection does not bring is lost with it. */
  readonly resumption?: Resumption | undefined;
  /** Cookies of this user, where the protocol rides on HTTP. Absent: cookies are ignored, as programs do by default. */
  readonly cookies?: CookieJar;
  /**
   * Users who name the same object share a transport connection, as pages of one browser do, where the protocol is spoken in
   * streams of one (HTTP/2). Elsewhere, and absent: each has its own.
   */
  readonly sharedBy?: SharedConnection | undefined;
  /** Aborts the handshake; nothing is left open then. Has no effect once connected. */
  readonly signal: AbortSignal;
  /** Called in the turn of the socket event that completed the message. */
  readonly onMessage: (payload: Payload) => void;
  /** Where given, a client may hand over a text as its UTF-8 bytes instead, which are lent until it returns. */
  readonly onText?: (utf8: Buffer) => void;
}

export interface ProtocolClient {
  /** Resolves when the first message can be sent. Rejects with code `connect-refused`, `connect-failed` or `aborted`. */
  connect(options: ConnectOptions): Promise<ClientConnection>;
  /** Ways between users that the protocol itself has, each connected like an echo. Absent: an application builds them. */
  readonly exchanges?: Readonly<Partial<Record<ExchangeName, ProtocolClient["connect"]>>>;
}

/** Which client speaks: the library that users run, or one with little on top of the socket, so that it is not the limit. */
export type ClientKind = "lean" | "library";
export const clientKinds = ["lean", "library"] as const satisfies readonly ClientKind[];

export interface Protocol {
  readonly server: ProtocolServer;
  /** With the library that users run. */
  readonly client: ProtocolClient;
  /** With little on top of the socket. Absent: there is the other only. */
  readonly lean?: ProtocolClient;
  /** In a page of a browser. Absent: no page can speak it, or none does. */
  readonly page?: PageClient;
}
