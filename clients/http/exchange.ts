import type { CookieJar, Options } from "../../protocol/contract.ts";
import { sendsBrowserHeaders } from "../../protocol/options/browser-headers.ts";
import { closesConnections } from "../../protocol/options/close.ts";
import { compresses } from "../../protocol/options/deflate.ts";
import { pageHeaders } from "./browser-headers.ts";
import { type HttpConnection, httpConnection } from "./connection.ts";
import { setCookies } from "./cookie-jar.ts";
import type { Http2Connection } from "./http2-connection.ts";

export interface Ask {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  /** The body, as JSON text. */
  readonly json?: string;
  /** The body, as XML text, for the protocols that have that. */
  readonly xml?: string;
}

/** What came back, whole. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Exactly one of `answered` and `failed` is called, once. */
export interface AnswerListener {
  /** Some of the answer's body came. */
  heard?(): void;
  /** Called in the turn of the socket event that completed the answer, whatever its status. */
  answered(answer: Answer): void;
  /** There is no whole answer. */
  failed(cause: Error): void;
}

/** Longer than any pause between two requests of a user, so that the server decides when a connection is idle. */
const keepAliveMs = 3_600_000;

/** Without it any encoding would do (RFC 9110 section 12.5.3), and what one target compresses another would not. */
const plainHeaders = { "accept-encoding": "identity" };
const bodyHeaders = {
  none: {},
  json: { "content-type": "application/json" },
  xml: { "content-type": "text/xml; charset=utf-8" },
} as const;

export interface ExchangeOptions {
  /** An answer whose body is larger fails its request. */
  readonly answerBytesMax: number;
  /** Go with every request and are renewed by every answer. */
  readonly cookies?: CookieJar | undefined;
  /** Of the target. Absent: the defaults. */
  readonly options?: Options | undefined;
  /** Carries the requests, beside others, where HTTP/2 is spoken. */
  readonly http2?: Http2Connection | undefined;
}

/** In the forms that the two versions of HTTP take them. */
interface MadeHeaders {
  readonly fields: Readonly<Record<string, string>>;
  readonly flat: string[];
}

/**
 * HTTP requests one after the other on one keep-alive connection (RFC 9112 section 9.3; no pipelining), which is
 * opened by the first and again if the server closes it between two; with `+close` on one for each. undici sets
 * TCP_NODELAY on it. As on a bare socket, an answer may take for ever; whoever waits decides for how long.
 *
 * Uses undici's `dispatch`, the level below `request`, without timers, and lets the next request start in the
 * callback of the last: together a third less time per request on one connection.
 */
export class Exchange {
  /** Absent where HTTP/2 is spoken. */
  readonly #connection: HttpConnection | undefined;
  readonly #cookies: CookieJar | undefined;
  readonly #options: Options | undefined;
  readonly #closes: boolean;
  readonly #origin: string;
  readonly #http2: Http2Connection | undefined;
  readonly #answerBytesMax: number;
  /** By method and kind of body; each made once. */
  readonly #headersMade = new Map<string, MadeHeaders>();

  /** Connects nothing yet. `origin` is scheme, host and port. */
  constructor(origin: string, { answerBytesMax, cookies, options, http2 }: ExchangeOptions) {
    this.#cookies = cookies;
    this.#options = options;
    this.#closes = closesConnections(options);
    this.#origin = origin;
    this.#http2 = http2;
    this.#answerBytesMax = answerBytesMax;
    if (http2 !== undefined) return;
    this.#connection = httpConnection(origin, {
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: answerBytesMax,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
    });
  }

  /** Sends a request once those before it were answered; over HTTP/2, at once. */
  start(ask: Ask, listener: AnswerListener): void {
    if (this.#http2 !== undefined) {
      this.#startOnStream(this.#http2, ask, listener);
      return;
    }
    const { method, path, json, xml } = ask;
    let status = 0;
    const chunks: Buffer[] = [];
    this.#connection!.client.dispatch(
      {
        method,
        path,
        body: json ?? xml ?? null,
        reset: this.#closes,
        headers: this.#flatHeaders(ask),
      },
      {
        onRequestStart: () => {},
        onResponseStart: (controller, statusCode, headers) => {
          status = statusCode;
          this.#cookies?.keep(setCookies(headers));
          const encoding = contentEncoding(headers["content-encoding"]);
          if (encoding !== undefined) controller.abort(unwantedEncoding("answer", encoding, this.#options));
        },
        onResponseData: (_controller, chunk) => {
          listener.heard?.();
          chunks.push(chunk);
        },
        onResponseEnd() {
          const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
          try {
            listener.answered({ status, text: body.toString() });
          } catch (error) {
            // undici would take what a listener throws for a failure of the request, and hide it.
            process.nextTick(() => {
              throw error;
            });
          }
        },
        // Not in undici's own turn: after a connect that failed it asserts that nothing waits, and a listener may ask again.
        onResponseError: (_controller, error) => queueMicrotask(() => listener.failed(error)),
      },
    );
  }

  /** `start` as a promise, which rejects with the cause if there is no whole answer. */
  ask(request: Ask): Promise<Answer> {
    return new Promise((answered, failed) => this.start(request, { answered, failed }));
  }

  #startOnStream(http2: Http2Connection, ask: Ask, listener: AnswerListener): void {
    const { method, path, json, xml } = ask;
    const cookie = this.#cookies?.header();
    const { fields } = this.#headers(ask);
    let status = 0;
    let bytes = 0;
    let announced: number | undefined;
    const chunks: Buffer[] = [];
    const stream = http2.request(
      { method, path, headers: cookie === undefined ? fields : { ...fields, cookie }, body: json ?? xml },
      {
        started: (code, headers) => {
          status = code;
          announced = headers["content-length"] === undefined ? undefined : Number(headers["content-length"]);
          this.#cookies?.keep(setCookies(headers));
          const encoding = contentEncoding(headers["content-encoding"]);
          if (encoding !== undefined) stream?.destroy(unwantedEncoding("answer", encoding, this.#options));
        },
        data: (chunk) => {
          listener.heard?.();
          bytes += chunk.byteLength;
          if (bytes > this.#answerBytesMax) stream?.destroy(new Error("the answer exceeded max size"));
          else chunks.push(chunk);
        },
        ended() {
          // Node takes a stream that is reset without an error for one that has ended.
          if (announced !== undefined && announced !== bytes) listener.failed(new Error("the answer was cut off"));
          else listener.answered({ status, text: Buffer.concat(chunks).toString() });
        },
        failed: (cause) => listener.failed(cause),
      },
    );
  }

  #flatHeaders(ask: Ask): string[] {
    const cookie = this.#cookies?.header();
    const { flat } = this.#headers(ask);
    return cookie === undefined ? flat : [...flat, "cookie", cookie];
  }

  /** Without cookies. */
  #headers({ method, json, xml }: Ask): MadeHeaders {
    const body = xml !== undefined ? "xml" : json !== undefined ? "json" : "none";
    const key = `${method} ${body}`;
    const known = this.#headersMade.get(key);
    if (known !== undefined) return known;
    const own = pageHeaders(this.#options, "fetch", new URL(this.#origin), method) ?? plainHeaders;
    const fields: MadeHeaders["fields"] = { ...own, ...bodyHeaders[body] };
    const made = { fields, flat: Object.entries(fields).flat() };
    this.#headersMade.set(key, made);
    return made;
  }

  /** Closes the connection at once; requests without an answer fail. Idempotent. */
  destroy(): void {
    this.#http2?.destroy();
    this.#connection?.destroy();
  }
}

/** Why something is refused that is encoded: a target that is compressed is not compared with one that is not. */
export const unwantedEncoding = (what: string, encoding: string, options: Options | undefined): Error =>
  new Error(
    sendsBrowserHeaders(options)
      ? `the ${what} is ${encoding}, which is offered as a browser does, but not taken`
      : `the ${what} is ${encoding}, though identity was asked for`,
  );

/** What an event stream is asked for in. */
export const encodingAsked = (options: Options | undefined): string => (compresses(options) ? "gzip" : "identity");

/** The target would not be what it is called. */
export const notCompressed = (): Error => new Error("expected a stream in gzip, got one that is not compressed");

/** Value of a `Content-Encoding` header field; undefined where nothing was encoded. */
export function contentEncoding(value: string | readonly string[] | null | undefined): string | undefined {
  const names = [value ?? []].flat().join(", ").toLowerCase();
  return names === "" || names === "identity" ? undefined : names;
}
