import { randomInt } from "node:crypto";
import type { Element, ElementAttributes } from "@xmpp/xml";
import type { Limits, Options } from "../../protocol/contract.ts";
import { describeError } from "../../protocol/errors.ts";
import { heartbeatMs } from "../../protocol/options/heartbeat.ts";
import {
  type BodyPart,
  BoshBodyParser,
  bodyPart,
  boshBody,
  boshBodyBytesMax,
  boshContentType,
  nextParts,
  xboshNamespace,
} from "../../protocol/wires/bosh-body.ts";
import { encodedBytesMax } from "../../protocol/wires/payload.ts";
import { asStreamChild, streamNamespace } from "../../protocol/wires/xmpp-element.ts";
import { describeAnswer } from "../http/answers.ts";
import { type Answer, Exchange } from "../http/exchange.ts";
import { describeBoshEnd } from "./conditions.ts";
import { Opening } from "./opening.ts";
import { type Binding, closedDuringLogin, StreamError, type StreamEvents, type XmppStream } from "./stream.ts";
import type { XmppTarget } from "./target.ts";

/**
 * XMPP over BOSH (XEP-0124, XEP-0206): one request waits at the server for what comes, the other carries what is sent, at
 * once and without timers. Those who send through `stanza` wait 10 ms, through `strophe` 100 ms.
 */
export const boshBinding: Binding = {
  stream: (target, limits, events, options, retryMs) => new BoshStream(target, limits, events, options, retryMs),
  recovers: true,
};

/** Requests under way at once, if the server allows as many: each has a connection of its own. */
const requestsMax = 2;
/** As long as long polling does (RFC 6202 section 5.5). */
const usualWaitMs = 25_000;
/** What the server is asked to hold a request for: its unit is the second. */
const waitSecondsOf = (options: Options | undefined): number => Math.ceil((heartbeatMs(options) ?? usualWaitMs) / 1000);

/** A request whose connection is lost is sent again this often (XEP-0124 section 14.3). */
const repeatsMax = 1;

type Body = ReturnType<BoshBodyParser["end"]>;

/** A request under way. */
interface Sent {
  readonly rid: number;
  readonly xml: string;
  readonly exchange: Exchange;
  repeats: number;
}

class BoshStream implements XmppStream {
  readonly #domain: string;
  readonly #origin: string;
  readonly #path: string;
  readonly #limits: Limits;
  readonly #events: StreamEvents;
  readonly #options: Options | undefined;
  readonly #retryMs: number | undefined;
  /** While requests are not answered. */
  #lostSinceMs: number | undefined;
  readonly #retries = new Set<NodeJS.Timeout>();
  readonly #opening = new Opening();
  readonly #exchanges: Exchange[] = [];
  readonly #idle: Exchange[] = [];
  #requestsMax = 1;
  /** A random start below 2^53 (section 14.1), of fixed length, so that requests are as long in every run. */
  #rid = randomInt(1e14, 2e14);
  #sid: string | undefined;
  #underWay = 0;
  #pollIsDue = false;
  #writes = 0;
  readonly #queue: BodyPart[] = [];
  #queuedBytes = 0;
  #mustRestart = false;
  #state: "open" | "closing" | "closed" | "over" = "open";
  /** Answers that have overtaken the one whose turn it is. */
  readonly #early = new Map<number, Body>();
  #nextAnswer = this.#rid;

  constructor(
    { address, domain }: XmppTarget,
    limits: Limits,
    events: StreamEvents,
    options: Options | undefined,
    retryMs: number | undefined,
  ) {
    this.#retryMs = retryMs;
    const { origin, pathname, search } = new URL(address);
    this.#domain = domain;
    this.#origin = origin;
    this.#path = pathname + search;
    this.#limits = limits;
    this.#events = events;
    this.#options = options;
  }

  open(): Promise<void> {
    const opened = this.#opening.begun();
    this.#post({
      content: boshContentType,
      hold: "1",
      to: this.#domain,
      ver: "1.11",
      wait: String(waitSecondsOf(this.#options)),
      "xml:lang": "en",
      "xmlns:xmpp": xboshNamespace,
      "xmpp:version": "1.0",
    });
    return opened;
  }

  /** The features that follow come as an element; there is no header to wait for. */
  async restart(): Promise<void> {
    this.#mustRestart = true;
    this.#pump();
  }

  send(element: Element): void {
    if (this.#state !== "open") return;
    const part = bodyPart(element);
    this.#queue.push(part);
    this.#queuedBytes += part.bytes;
    this.#pump();
  }

  get bufferedBytes(): number {
    return this.#queuedBytes;
  }

  get writes(): number {
    return this.#writes;
  }

  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#pump();
  }

  drop(): void {
    this.#state = "over";
    this.#opening.fail(new Error("gave up"));
    for (const retry of this.#retries) clearTimeout(retry);
    for (const exchange of this.#exchanges) exchange.destroy();
  }

  /** Sends what there is to send, and sees to it that the server has a request to answer. */
  #pump(): void {
    while (this.#sid !== undefined && this.#underWay < this.#requestsMax && this.#isWaiting) {
      if (this.#mustRestart) {
        this.#mustRestart = false;
        this.#post({ to: this.#domain, "xml:lang": "en", "xmlns:xmpp": xboshNamespace, "xmpp:restart": "true" });
        continue;
      }
      const parts = nextParts(this.#queue, boshBodyBytesMax(this.#limits.payloadBytesMax));
      for (const { bytes } of parts) this.#queuedBytes -= bytes;
      if (parts.length > 0) this.#writes++;
      const isLast = this.#state === "closing" && this.#queue.length === 0;
      if (isLast) this.#state = "closed";
      this.#post(isLast ? { type: "terminate" } : {}, parts);
    }
    if (this.#needsRequest && !this.#pollIsDue) {
      this.#pollIsDue = true;
      // What is sent in answer to what has just come carries the request too. An empty one beside it, on the other
      // connection, might be overtaken: ejabberd then holds both until the wait is over.
      setImmediate(() => {
        this.#pollIsDue = false;
        if (this.#needsRequest) this.#post({});
      });
    }
  }

  /** The server has none that it could answer with what comes. */
  get #needsRequest(): boolean {
    return this.#sid !== undefined && this.#underWay === 0 && this.#state === "open";
  }

  get #isWaiting(): boolean {
    return this.#mustRestart || this.#queue.length > 0 || this.#state === "closing";
  }

  #post(attributes: ElementAttributes, parts: readonly BodyPart[] = []): void {
    const rid = this.#rid++;
    const session = this.#sid === undefined ? {} : { sid: this.#sid };
    const xml = boshBody({ rid: String(rid), ...session, ...attributes }, parts);
    this.#underWay++;
    this.#ask({ rid, xml, exchange: this.#idle.pop() ?? this.#newExchange(), repeats: 0 });
  }

  #newExchange(): Exchange {
    const { queueBytesMax, payloadBytesMax } = this.#limits;
    const exchange = new Exchange(this.#origin, {
      answerBytesMax: queueBytesMax + boshBodyBytesMax(payloadBytesMax),
      options: this.#options,
    });
    this.#exchanges.push(exchange);
    return exchange;
  }

  #ask(sent: Sent): void {
    sent.exchange.start(
      { method: "POST", path: this.#path, xml: sent.xml },
      {
        heard: () => this.#events.heard(),
        answered: (answer) => this.#answered(sent, answer),
        failed: (cause) => {
          if (!this.#repeat(sent) && !this.#repeatLater(sent)) this.#ended("network", cause);
        },
      },
    );
  }

  /** Once more, unless that was done or there is no session in which the server would know it again. */
  #repeat(sent: Sent): boolean {
    if (this.#sid === undefined || sent.repeats === repeatsMax || this.#state === "over") return false;
    sent.repeats++;
    this.#ask(sent);
    return true;
  }

  /** As long as the server keeps a session that nobody asks after. */
  #repeatLater(sent: Sent): boolean {
    if (this.#retryMs === undefined || this.#sid === undefined || this.#isOver()) return false;
    this.#lostSinceMs ??= performance.now();
    if (performance.now() - this.#lostSinceMs > this.#limits.idleMs) return false;
    const retry = setTimeout(() => {
      this.#retries.delete(retry);
      this.#ask(sent);
    }, this.#retryMs);
    this.#retries.add(retry);
    return true;
  }

  #answered(sent: Sent, answer: Answer): void {
    this.#lostSinceMs = undefined;
    const body = this.#parsed(answer);
    if (body === undefined || (body.attributes.type === "error" && this.#repeat(sent))) return;
    this.#events.heard();
    this.#idle.push(sent.exchange);
    this.#underWay--;
    this.#early.set(sent.rid, body);
    for (;;) {
      const next = this.#early.get(this.#nextAnswer);
      if (next === undefined || this.#isOver()) break;
      this.#early.delete(this.#nextAnswer++);
      this.#deliver(next);
    }
    if (!this.#isOver()) this.#pump();
  }

  /** Undefined for what ends the stream. */
  #parsed(answer: Answer): Body | undefined {
    if (answer.status !== 200) {
      this.#ended("server", new Error(describeAnswer(answer)));
      return undefined;
    }
    const parser = new BoshBodyParser();
    parser.stanzaBytesMax = encodedBytesMax(this.#limits.payloadBytesMax);
    try {
      parser.write(answer.text);
      return parser.end();
    } catch (error) {
      this.#ended("network", error as Error);
      return undefined;
    }
  }

  #deliver({ attributes, elements }: Body): void {
    if (this.#sid === undefined && attributes.type !== "terminate") this.#created(attributes);
    for (const element of elements) {
      if (this.#isOver()) return;
      if (element.is("error", streamNamespace)) this.#ended("server", new StreamError(element));
      else this.#events.element(asStreamChild(element));
    }
    if (attributes.type !== undefined && !this.#isOver()) this.#terminated(attributes, elements);
  }

  /** Asked anew after each call of the events, which may end the stream. */
  #isOver(): boolean {
    return this.#state === "over";
  }

  /** Section 7.2. */
  #created({ sid, requests, hold }: ElementAttributes): void {
    if (!sid) this.#ended("network", new Error("expected a session (XEP-0124), got a body without sid"));
    else if (hold === "0") this.#ended("server", new Error("the server holds no requests (hold=0)"));
    else {
      this.#sid = sid;
      this.#requestsMax = Math.max(1, Math.min(requestsMax, Number(requests ?? requestsMax) || 1));
      this.#opening.done();
    }
  }

  /** Section 17: with a condition, or in order. */
  #terminated({ type, condition }: ElementAttributes, elements: readonly Element[]): void {
    if (type === "terminate" && condition === undefined) {
      this.#opening.fail(closedDuringLogin());
      this.#events.ended({ by: "server", message: "stream closed" }, closedDuringLogin());
    } else {
      const reason = condition === undefined ? "" : ` ${describeBoshEnd(condition, elements)}`;
      this.#ended("server", new Error(`BOSH ${type}${reason}`));
    }
  }

  #ended(by: "network" | "server", cause: Error): void {
    this.#opening.fail(cause);
    this.#events.ended({ by, message: describeError(cause) }, cause);
  }
}
