import type { Element } from "@xmpp/xml";
import type { CloseReason, Limits, Options } from "../../protocol/contract.ts";
import { describeError, WirebenchError } from "../../protocol/errors.ts";
import { heartbeatMs } from "../../protocol/options/heartbeat.ts";
import { handshake } from "../connection/handshake.ts";
import { closeWaitMs } from "../connection/link.ts";
import { watchSilence } from "../connection/silence.ts";
import { Inbox } from "./inbox.ts";
import { iqResult, isPing } from "./iq-reply.ts";
import { type LoggedIn, login } from "./login.ts";
import { Requests } from "./requests.ts";
import type { Binding, StreamEvents, XmppStream } from "./stream.ts";
import { StreamManagement } from "./stream-management.ts";
import { type XmppTarget, xmppTarget } from "./target.ts";

export interface SessionOptions {
  /** As the user gave it, with credentials. */
  readonly url: string;
  readonly limits: Limits;
  /** Which of a run's simulated users this is, from 0. */
  readonly user: number;
  /** Of the target. Absent: the defaults. */
  readonly options?: Options | undefined;
  /** Aborts the login; nothing is left open then. */
  readonly signal: AbortSignal;
  /** Absent: random, of fixed length, so that addresses are as long on every server. */
  readonly resource?: string;
  /** SASL mechanism to insist on. Absent: the best of those offered. */
  readonly mechanism?: string;
  /**
   * Asks for stream management (XEP-0198); the login fails where the server has none. That of a session before: goes on with
   * that session, on this connection and of whatever binding, if the server has kept it, and else begins another.
   */
  readonly streamManagement?: boolean | StreamManagement;
  /** Of a binding that recovers: it asks again so long after a request was lost, as often as it takes. Absent: once, at once. */
  readonly retryMs?: number | undefined;
  /**
   * Every stanza after the login that is neither an answer to `request` nor a ping, in the turn of the socket event; those
   * that came with the end of the login before `openSession` resolves. A request (iq of type `get` or `set`) is then
   * this function's to answer, with `iqRefusal` at least.
   */
  readonly onStanza: (stanza: Element, session: XmppSession) => void;
}

/** A client that is logged in and has a resource, on any binding. */
export interface XmppSession {
  /** Full JID. */
  readonly jid: string;
  /** That hosts the account. */
  readonly domain: string;
  /** Address in the URL that echoes; undefined stands for the session's own full JID. */
  readonly to: string | undefined;
  /** SASL mechanism that was used. */
  readonly mechanism: string;
  /** Of the session, if it was asked for; outlives this connection. */
  readonly streamManagement: StreamManagement | undefined;
  /** Whether it is a session that another connection has carried before. */
  readonly resumed: boolean;
  /** How often the login waited for the server's answer, without the turns of TCP, TLS and HTTP below it. */
  readonly loginRoundTrips: number;
  /**
   * Never waits for the peer. Ignored once the session ends, so that whoever answers a stanza need not ask; that of a server
   * that leaves more than `queueBytesMax` unread is ended. Throws `queue-full` where stream management has too much to keep;
   * without it there is nothing to keep.
   */
  send(stanza: Element): void;
  /** Sends a request, with an id if it has none; resolves with the result, or rejects with a StanzaError or `closed`. */
  request(iq: Element): Promise<Element>;
  /** Bytes accepted but not yet handed to the kernel. */
  readonly bufferedBytes: number;
  /** Writes that carried stanzas so far. Absent: one each. */
  readonly writes?: number | undefined;
  /** Settles exactly once, never rejects. */
  readonly closed: Promise<CloseReason>;
  /** Ends the stream in order; resolves when the server has seen it or a bounded wait is over. Idempotent. */
  close(): Promise<void>;
  /** Ends the connection at once, without saying goodbye; `closed` then tells the reason given. */
  drop(reason?: CloseReason): void;
}

/**
 * Connects, logs in and binds a resource (RFC 6120 sections 4 to 7). Rejects with code `connect-refused`,
 * `connect-failed` or `aborted`.
 */
export async function openSession(binding: Binding, options: SessionOptions): Promise<XmppSession> {
  const session = new Session(binding, options);
  return handshake<XmppSession>(
    options.url,
    options.signal,
    (resolve, reject) => void session.login().then(() => resolve(session), reject),
    () => session.drop({ by: "client", message: "gave up" }),
  );
}

class Session implements XmppSession {
  jid = "";
  mechanism = "";
  loginRoundTrips = 0;
  resumed = false;
  readonly streamManagement: StreamManagement | undefined;
  readonly closed: Promise<CloseReason>;
  readonly #options: SessionOptions;
  readonly #target: XmppTarget;
  readonly #stream: XmppStream;
  readonly #inbox = new Inbox();
  readonly #requests = new Requests();
  #heard = (): void => {};
  #state: "login" | "open" | "closing" | "closed" = "login";
  #settle: (reason: CloseReason) => void = () => {};

  constructor(binding: Binding, options: SessionOptions) {
    this.#options = options;
    this.#target = xmppTarget(options.url, options.user);
    const { streamManagement, limits } = options;
    this.streamManagement = streamManagement === true ? new StreamManagement(limits) : streamManagement || undefined;
    this.streamManagement?.carriedBy(() => this.drop({ by: "client", message: "goes on with another connection" }));
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
    const events: StreamEvents = {
      heard: () => this.#heard(),
      element: (element) => {
        if (this.#state === "login") this.#inbox.push(element);
        else this.#received(element);
      },
      ended: (reason, cause) => {
        this.#inbox.fail(cause);
        this.#ended(reason);
      },
    };
    this.#stream = binding.stream(this.#target, limits, events, options.options, options.retryMs);
  }

  async login(): Promise<void> {
    const { resource, mechanism } = this.#options;
    let loggedIn: LoggedIn;
    try {
      loggedIn = await login(this.#stream, this.#inbox, this.#target, {
        ...(resource !== undefined && { resource }),
        ...(mechanism !== undefined && { mechanism }),
        management: this.streamManagement,
      });
    } catch (cause) {
      // What happened to the stream says more than what became of the step that was waiting for it.
      throw this.#inbox.failure ?? cause;
    }
    this.jid = loggedIn.jid;
    this.mechanism = loggedIn.mechanism;
    this.loginRoundTrips = loggedIn.roundTrips;
    this.resumed = loggedIn.again !== undefined;
    for (const stanza of loggedIn.again ?? []) this.#stream.send(stanza);
    // In the segment that ends the login the server may also push, and even end the stream.
    if (this.#state === "login") this.#state = "open";
    const everyMs = heartbeatMs(this.#options.options);
    if (everyMs !== undefined) {
      this.#heard = watchSilence(2 * everyMs, this.closed, (message) => this.drop({ by: "network", message }));
    }
    for (const element of loggedIn.uncounted) this.#handle(element);
    for (const element of this.#inbox.rest()) this.#received(element);
  }

  get domain(): string {
    return this.#target.domain;
  }

  get to(): string | undefined {
    return this.#target.to;
  }

  get bufferedBytes(): number {
    return this.#stream.bufferedBytes;
  }

  get writes(): number | undefined {
    return this.#stream.writes;
  }

  send(stanza: Element): void {
    if (this.#state !== "open") return;
    if (this.streamManagement?.keep(stanza) === false) {
      throw new WirebenchError("queue-full", "the server acknowledges too little of what it is sent");
    }
    this.#write(stanza);
    const request = this.streamManagement?.dueRequest();
    if (request !== undefined) this.#write(request);
  }

  /** A server that asks and does not read the answers would fill this side's memory. */
  #write(element: Element): void {
    if (this.#state !== "open") return;
    if (this.bufferedBytes <= this.#options.limits.queueBytesMax) this.#stream.send(element);
    else this.drop({ by: "server", message: "it does not read what it is sent" });
  }

  request(iq: Element): Promise<Element> {
    if (this.#state !== "open") return Promise.reject(new WirebenchError("closed", "the connection has ended"));
    const answer = this.#requests.add(iq);
    this.send(iq);
    return answer;
  }

  async close(): Promise<void> {
    if (this.#state === "open" || this.#state === "login") {
      // What has come need not come back to who sent it.
      if (this.#state === "open" && this.streamManagement !== undefined) {
        this.#stream.send(this.streamManagement.acknowledgement());
      }
      this.#state = "closing";
      this.#stream.close();
      const cut = setTimeout(() => this.#ended({ by: "client", message: "closed without an answer" }), closeWaitMs);
      void this.closed.then(() => clearTimeout(cut));
    }
    await this.closed;
  }

  drop(reason: CloseReason = { by: "client", message: "dropped" }): void {
    this.#ended(reason);
  }

  /** The one place every element after the login comes through. */
  #received(element: Element): void {
    try {
      if (this.streamManagement?.takes(element, (answer) => this.#write(answer))) return;
    } catch (error) {
      this.drop({ by: "server", message: describeError(error) });
      return;
    }
    this.#handle(element);
  }

  #handle(element: Element): void {
    if (this.#requests.answer(element, this.jid)) return;
    if (isPing(element)) this.send(iqResult(element));
    else this.#options.onStanza(element, this);
  }

  /** Only the first call counts; an end this side began is this side's. */
  #ended(reason: CloseReason): void {
    if (this.#state === "closed") return;
    const byClient = this.#state === "closing";
    this.#state = "closed";
    this.#stream.drop();
    this.#requests.fail(new WirebenchError("closed", `the connection has ended: ${reason.message}`));
    this.#settle(byClient ? { by: "client", message: reason.message } : reason);
  }
}
