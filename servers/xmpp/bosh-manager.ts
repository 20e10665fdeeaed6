import type { IncomingMessage, ServerResponse } from "node:http";
import { StringDecoder } from "node:string_decoder";
import type { ElementAttributes } from "@xmpp/xml";
import { BoshBodyParser, boshBodyBytesMax, xboshAttribute, xboshNamespace } from "../../protocol/wires/bosh-body.ts";
import { encodedBytesMax } from "../../protocol/wires/payload.ts";
import { XmlFault } from "../../protocol/wires/xml-fault.ts";
import { unauthenticatedStanzaBytesMax } from "../../protocol/wires/xmpp-stream-parser.ts";
import { lookRegularly, patience } from "../connection/patience.ts";
import { refuse } from "../http/answer.ts";
import { answerBody } from "./bosh-answers.ts";
import {
  type BoshCondition,
  type BoshRequest,
  BoshStream,
  type BoshTerms,
  pollingSeconds,
  requestsMax,
  terminalBody,
} from "./bosh-stream.ts";
import type { XmppHost } from "./host.ts";
import { openingFault } from "./stream-header.ts";

/** Longest time a request is held, in seconds, however long its client would wait: as RFC 6202 section 5.5 advises. */
const waitSecondsMax = 25;

/** The sessions of a server, and the requests that come for them: what XEP-0124 calls the connection manager. */
export class BoshManager {
  readonly #host: XmppHost;
  /** Also holds sessions that have ended until their client has heard of it. */
  readonly #streams = new Map<string, BoshStream>();
  readonly #sweep: NodeJS.Timeout;
  /** May be a fraction: what is said is whole. */
  readonly #waitSecondsMax: number;
  readonly #idleMs: number;

  constructor(host: XmppHost) {
    const { heartbeatMs, limits } = host;
    const { idleMs, sweepMs } = patience(limits.idleMs, heartbeatMs, heartbeatMs ?? 0);
    this.#host = host;
    this.#waitSecondsMax = heartbeatMs === undefined ? waitSecondsMax : heartbeatMs / 1000;
    this.#idleMs = idleMs;
    this.#sweep = lookRegularly(sweepMs, () => this.#dropIdle());
  }

  /**
   * Reads the body of a request. Whose it is, its first tag says; until then, and until its session has logged in, it may
   * be no larger than what anybody may send (XEP-0124 section 18 leaves the bound to the server).
   */
  serve(request: IncomingMessage, response: ServerResponse): void {
    const { payloadBytesMax } = this.#host.limits;
    const decoder = new StringDecoder("utf8");
    let bytesMax = unauthenticatedStanzaBytesMax;
    let bytes = 0;
    let stream: BoshStream | undefined;
    let isRefused = false;
    const body = new BoshBodyParser(({ sid }) => {
      stream = sid === undefined ? undefined : this.#streams.get(sid);
      if (stream?.isAuthenticated) {
        bytesMax = boshBodyBytesMax(payloadBytesMax);
        body.stanzaBytesMax = encodedBytesMax(payloadBytesMax);
      }
    });
    const bound = (announced: number, most: number): void => {
      if (isRefused || announced <= most) return;
      isRefused = true;
      refuse(response, 413, `expected at most ${most} bytes`);
    };
    /** A fault ends the session it was made in. */
    const read = (step: () => void): void => {
      if (isRefused) return;
      try {
        step();
      } catch (error) {
        if (!(error instanceof XmlFault)) throw error;
        isRefused = true;
        if (stream === undefined) answerBody(response, terminalBody("bad-request"));
        else stream.refuseXml(response, error.condition, error.message);
      }
    };
    bound(Number(request.headers["content-length"] ?? 0), boshBodyBytesMax(payloadBytesMax));
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (stream !== undefined) stream.lastHeardMs = performance.now();
      read(() => body.write(decoder.write(chunk)));
      bound(bytes, bytesMax);
    });
    request.on("end", () =>
      read(() => {
        body.write(decoder.end());
        const { attributes, elements } = body.end();
        this.#take({ rid: ridOf(attributes), attributes, elements, response });
      }),
    );
  }

  /** Gives every session up. */
  close(): void {
    clearInterval(this.#sweep);
    for (const stream of [...this.#streams.values()]) stream.drop();
  }

  #take(request: BoshRequest): void {
    const { sid } = request.attributes;
    const stream = sid === undefined ? undefined : this.#streams.get(sid);
    if (Number.isNaN(request.rid)) {
      if (stream === undefined) answerBody(request.response, terminalBody("bad-request"));
      else stream.refuse(request.response, "bad-request");
    } else if (stream !== undefined) stream.request(request);
    else if (sid === undefined) this.#create(request);
    else answerBody(request.response, terminalBody("item-not-found"));
  }

  /** XEP-0124 section 7. */
  #create(request: BoshRequest): void {
    const { attributes, rid, response } = request;
    const { domain } = this.#host.router;
    const version = xboshAttribute(attributes, "version") ?? "1.0";
    const fault = openingFault({ version, to: attributes.to }, domain);
    const refusal: BoshCondition | undefined =
      attributes.to === undefined ? "improper-addressing" : fault === "host-unknown" ? fault : undefined;
    if (refusal !== undefined) {
      answerBody(response, terminalBody(refusal));
      return;
    }
    const terms: BoshTerms = {
      wait: Math.min(wholeNumber(attributes.wait) ?? this.#waitSecondsMax, this.#waitSecondsMax),
      hold: Math.min(wholeNumber(attributes.hold) ?? 1, requestsMax - 1),
      acknowledges: attributes.ack === "1",
    };
    const { connectionsMax } = this.#host.limits;
    const stream = new BoshStream(this.#host, request, terms, () => this.#streams.delete(stream.sid));
    this.#streams.set(stream.sid, stream);
    if (fault !== undefined) stream.fail(fault);
    // Those still logging in count too, so that nobody can hold more of them than of the others.
    else if (this.#streams.size > connectionsMax) stream.fail("resource-constraint", "too many connections");
    stream.created(request, {
      sid: stream.sid,
      from: domain,
      ver: "1.11",
      wait: String(Math.ceil(terms.wait)),
      hold: String(terms.hold),
      requests: String(requestsMax),
      inactivity: String(Math.max(1, Math.floor(this.#idleMs / 1000))),
      polling: String(pollingSeconds),
      ...(terms.acknowledges && { ack: String(rid) }),
      "xmlns:xmpp": xboshNamespace,
      "xmpp:version": "1.0",
      "xmpp:restartlogic": "true",
    });
  }

  #dropIdle(): void {
    const now = performance.now();
    for (const stream of [...this.#streams.values()]) {
      // A login has its own deadline, and is no silence.
      const patientMs = stream.isBound ? this.#idleMs : this.#host.limits.idleMs;
      if (stream.idleMs(now) > patientMs) stream.drop();
    }
  }
}

/** NaN for what is no number of a request: positive, and below 2^53 with all that may follow (XEP-0124 section 14.1). */
function ridOf({ rid }: ElementAttributes): number {
  const number = wholeNumber(rid);
  return number === undefined || number < 1 || number >= Number.MAX_SAFE_INTEGER - requestsMax ? Number.NaN : number;
}

const wholeNumber = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
