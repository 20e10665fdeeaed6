import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import { TLSSocket } from "node:tls";
import type { Element, ElementAttributes } from "@xmpp/xml";
import {
  type BodyPart,
  bodyPart,
  boshBody,
  boshBodyBytesMax,
  nextParts,
  xboshAttribute,
} from "../../protocol/wires/bosh-body.ts";
import { asStreamChild } from "../../protocol/wires/xmpp-element.ts";
import { answerBody, BoshAnswers } from "./bosh-answers.ts";
import type { XmppHost } from "./host.ts";
import { XmppSession } from "./session.ts";
import { type StreamCondition, streamError } from "./stream-error.ts";
import type { XmppTransport } from "./transport.ts";

/** Terminal conditions of XEP-0124 section 17.2 this server ends a session with. */
export type BoshCondition =
  | "bad-request"
  | "host-unknown"
  | "improper-addressing"
  | "item-not-found"
  | "policy-violation"
  | "remote-stream-error";

/** What a client sent in one request. */
export interface BoshRequest {
  readonly rid: number;
  readonly attributes: ElementAttributes;
  readonly elements: readonly Element[];
  readonly response: ServerResponse;
}

/** What was agreed when the session was created (XEP-0124 section 7). */
export interface BoshTerms {
  /** Longest time a request is held, in seconds. */
  readonly wait: number;
  /** Requests held at most: 1, or 0 for a polling session (section 12). */
  readonly hold: number;
  /** The client acknowledges responses, and wants requests acknowledged (section 9). */
  readonly acknowledges: boolean;
}

/** Requests a client may have under way (section 7.2): one that is held, and one that sends. */
export const requestsMax = 2;
/** Shortest time between two empty requests, in seconds (sections 11 and 12). */
export const pollingSeconds = 1;

const terminate = (condition: BoshCondition | undefined): ElementAttributes => ({ type: "terminate", condition });

/** The body that ends a session. */
export const terminalBody = (condition: BoshCondition | undefined, parts: readonly BodyPart[] = []): string =>
  boshBody(terminate(condition), parts);

/** A request that waits for something to say. */
interface Held {
  readonly rid: number;
  response: ServerResponse;
  isAlive: boolean;
  readonly timer: NodeJS.Timeout;
}

/** An XMPP stream over pairs of HTTP requests and responses (XEP-0124, XEP-0206). */
export class BoshStream implements XmppTransport {
  readonly encrypted: boolean;
  readonly recovers = true;
  /** The login is over. */
  isBound = false;
  /** When a request of the client came, or a piece of one, as `performance.now()`. */
  lastHeardMs = performance.now();
  readonly sid = randomBytes(18).toString("base64url");
  readonly #host: XmppHost;
  readonly #session: XmppSession;
  readonly #terms: BoshTerms;
  readonly #gone: () => void;
  readonly #deadline: NodeJS.Timeout;
  readonly #outbox: BodyPart[] = [];
  #outboxBytes = 0;
  /** The number of the next request in order; those that have overtaken it wait in `early`. */
  #nextRid: number;
  readonly #early = new Map<number, BoshRequest>();
  #held: Held[] = [];
  readonly #answers = new BoshAnswers(requestsMax);
  #awaitsRestart = false;
  #isAuthenticated = false;
  #flushScheduled = false;
  /** Set once the session ends: what follows the last stanza. */
  #ending: { readonly condition: BoshCondition | undefined; readonly parts: readonly BodyPart[] } | undefined;
  #lastEmptyMs = Number.NEGATIVE_INFINITY;

  /** `gone` is called when the client has been told of the end, so that nothing need be kept for it. */
  constructor(host: XmppHost, creation: BoshRequest, terms: BoshTerms, gone: () => void) {
    this.encrypted = creation.response.req.socket instanceof TLSSocket;
    this.#host = host;
    this.#terms = terms;
    this.#gone = gone;
    this.#nextRid = creation.rid + 1;
    this.#session = new XmppSession(host, this);
    this.#deadline = setTimeout(() => this.fail("connection-timeout"), host.limits.handshakeMs).unref();
  }

  /** The client has logged in, so that it may send more. */
  get isAuthenticated(): boolean {
    return this.#isAuthenticated;
  }

  /** Answers the request that created the session, with `attributes` of the answer. */
  created({ rid, response }: BoshRequest, attributes: ElementAttributes): void {
    const created = { rid, response, isAlive: true };
    if (this.#ending === undefined) this.#answer(created, attributes, [bodyPart(this.#session.features())]);
    else {
      this.#answer(created, terminate(this.#ending.condition), this.#ending.parts);
      this.#told();
    }
  }

  /** Time since the client last asked for anything, in milliseconds; none passes while a request of it is held. */
  idleMs(now: number): number {
    return this.isAwaited() ? 0 : now - this.lastHeardMs;
  }

  /** Takes a request, whose elements are handled once those of all requests before it are (section 14.2). */
  request(request: BoshRequest): void {
    const { rid, response } = request;
    this.lastHeardMs = performance.now();
    if (rid < this.#nextRid) this.#repeated(rid, response);
    else if (rid >= this.#nextRid + requestsMax) this.refuse(response, "item-not-found");
    else {
      // Of two with one number the older has lost its connection.
      const older = this.#early.get(rid)?.response;
      if (older !== undefined) answerBody(older, recoverable);
      this.#early.set(rid, request);
      for (;;) {
        const next = this.#early.get(this.#nextRid);
        if (next === undefined) break;
        this.#early.delete(this.#nextRid++);
        this.#take(next);
      }
    }
  }

  /** Ends the session because of this request, and says so in its response. */
  refuse(response: ServerResponse, condition: BoshCondition): void {
    this.#end(condition);
    this.#tell(response);
  }

  /** Ends the session because of what is wrong with this request's XML. */
  refuseXml(response: ServerResponse, condition: StreamCondition, text: string): void {
    this.fail(condition, text);
    this.#tell(response);
  }

  write(element: Element): void {
    if (this.#ending !== undefined) return;
    const part = bodyPart(element);
    if (this.#outboxBytes + part.bytes > this.#host.limits.queueBytesMax) this.failSlowConsumer();
    else {
      this.#outbox.push(part);
      this.#outboxBytes += part.bytes;
      this.#scheduleFlush();
    }
  }

  queuedBytes(): number {
    return this.#outboxBytes;
  }

  isAwaited(): boolean {
    return this.#held.some(({ isAlive }) => isAlive);
  }

  authenticated(): void {
    this.#isAuthenticated = true;
    this.#awaitsRestart = true;
  }

  bound(): void {
    this.isBound = true;
    clearTimeout(this.#deadline);
  }

  fail(condition: StreamCondition, text?: string): void {
    this.#end("remote-stream-error", [bodyPart(streamError(condition, text))]);
  }

  failSlowConsumer(): void {
    this.#outbox.length = 0;
    this.#outboxBytes = 0;
    this.fail("resource-constraint", "slow consumer");
  }

  close(): void {
    if (this.#ending !== undefined) return;
    this.#ending = { condition: undefined, parts: [] };
    this.#scheduleFlush();
  }

  /** Gives the session up: it was silent too long, or the server closes. */
  drop(): void {
    this.#end(undefined);
    this.#flush();
    for (const { timer } of this.#held) clearTimeout(timer);
    this.#gone();
  }

  #take(request: BoshRequest): void {
    const { rid, attributes, elements, response } = request;
    const isTerminal = attributes.type === "terminate";
    const isRestart = xboshAttribute(attributes, "restart") === "true";
    const isEmpty = elements.length === 0 && !isTerminal && !isRestart;
    this.#hold(rid, response);
    if (isEmpty && this.#isTooFrequent()) this.#end("policy-violation");
    if (this.#terms.acknowledges) this.#answers.forget(Number(attributes.ack));
    if (isRestart) this.#restart();
    for (const element of elements) {
      if (this.#ending !== undefined) break;
      if (this.#awaitsRestart) this.fail("not-authorized", "restart the stream first (XEP-0206 section 5)");
      else this.#session.element(asStreamChild(element));
    }
    if (isTerminal) this.#end(undefined);
    this.#scheduleFlush();
  }

  /** Sections 11 and 12: empty requests that come sooner than agreed, with nothing that would have asked for them. */
  #isTooFrequent(): boolean {
    const now = performance.now();
    const isSoon = now - this.#lastEmptyMs < pollingSeconds * 1000;
    this.#lastEmptyMs = now;
    if (this.#outbox.length > 0) return false;
    return isSoon && (this.#isPolling || this.#held.length >= requestsMax);
  }

  get #isPolling(): boolean {
    return this.#terms.hold === 0 || this.#terms.wait === 0;
  }

  #restart(): void {
    if (!this.#awaitsRestart) this.fail("bad-format", "nothing to restart the stream for");
    else {
      this.#awaitsRestart = false;
      this.write(this.#session.features());
    }
  }

  #hold(rid: number, response: ServerResponse): void {
    const timer = setTimeout(() => this.#release(rid), this.#terms.wait * 1000).unref();
    const held: Held = { rid, response, isAlive: true, timer };
    this.#held.push(held);
    this.#watch(held, response);
  }

  #watch(held: Held, response: ServerResponse): void {
    response.once("close", () => {
      if (held.response === response) held.isAlive = false;
      this.lastHeardMs = performance.now();
    });
  }

  /** The request has waited as long as was agreed, and so have those before it. */
  #release(rid: number): void {
    while (this.#held.length > 0 && this.#held[0]!.rid <= rid) this.#answer(this.#held.shift()!, {});
  }

  /** Section 14.3: a client that has lost a connection sends again what it has sent. */
  #repeated(rid: number, response: ServerResponse): void {
    if (this.#answers.repeat(rid, response)) return;
    const held = this.#held.find((candidate) => candidate.rid === rid);
    if (held === undefined) this.refuse(response, "item-not-found");
    else {
      if (held.isAlive) answerBody(held.response, recoverable);
      held.response = response;
      held.isAlive = true;
      this.#watch(held, response);
    }
  }

  /** What is sent in one turn leaves in one response: it is written when the turn's own code has run. */
  #scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#flushScheduled = false;
    while (this.#held.length > 0 && (this.#outbox.length > 0 || this.#ending !== undefined)) {
      const parts = nextParts(this.#outbox, boshBodyBytesMax(this.#host.limits.payloadBytesMax));
      for (const { bytes } of parts) this.#outboxBytes -= bytes;
      const held = this.#held.shift()!;
      if (this.#ending === undefined || this.#outbox.length > 0) this.#answer(held, {}, parts);
      else {
        this.#answer(held, terminate(this.#ending.condition), [...parts, ...this.#ending.parts]);
        if (this.#held.length === 0) this.#told();
      }
    }
    const hold = this.#isPolling ? 0 : this.#terms.hold;
    while (this.#held.length > hold) this.#answer(this.#held.shift()!, {});
  }

  #answer(
    { rid, response, isAlive, timer }: Omit<Held, "timer"> & Partial<Held>,
    attributes: ElementAttributes,
    parts: readonly BodyPart[] = [],
  ): void {
    clearTimeout(timer);
    // Section 9.1: a request that has overtaken this one has come, too.
    const highest = this.#nextRid - 1;
    const ack = this.#terms.acknowledges && highest > rid ? { ack: String(highest) } : {};
    const body = boshBody({ ...ack, ...attributes }, parts);
    this.#answers.keep(rid, body);
    this.lastHeardMs = performance.now();
    if (isAlive) answerBody(response, body);
  }

  /** The stream is over for this side: nothing more is heard, and what is left to say goes with the end. */
  #end(condition: BoshCondition | undefined, parts: readonly BodyPart[] = []): void {
    this.#ending ??= { condition, parts };
    clearTimeout(this.#deadline);
    for (const { response } of this.#early.values()) answerBody(response, this.#lastWords());
    this.#early.clear();
    this.#session.ended();
    this.#scheduleFlush();
  }

  /** Says in this response why the session has ended, which may have been before this request. */
  #tell(response: ServerResponse): void {
    answerBody(response, this.#lastWords());
    if (this.#held.length === 0) this.#told();
  }

  #lastWords(): string {
    return terminalBody(this.#ending?.condition, this.#ending?.parts);
  }

  #told(): void {
    clearTimeout(this.#deadline);
    this.#session.ended();
    this.#gone();
  }
}

/** Section 17.3: the client may send the request again. */
const recoverable = boshBody({ type: "error" }, []);
