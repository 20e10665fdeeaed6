import type { CookieJar, Options } from "../../protocol/contract.ts";
import { sendsBrowserHeaders } from "../../protocol/options/browser-headers.ts";
import { closesConnections } from "../../protocol/options/close.ts";
import { compresses } from "../../protocol/options/deflate.ts";
import { pageHeaders } from "./browser-headers.ts";
import { type HttpConnection, httpConnection } from "./connection.ts";
import { setCookies } from "./cookie-jar.ts";

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

/** Exactly one of the two is called, once. */
export interface AnswerListener {
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
  readonly #connection: HttpConnection;
  readonly #cookies: CookieJar | undefined;
  readonly #options: Options | undefined;
  readonly #closes: boolean;
  readonly #origin: string;
  /** By method and kind of body; each made once. */
  readonly #headersMade = new Map<string, string[]>();

  /** Connects nothing yet. `origin` is scheme, host and port. */
  constructor(origin: string, { answerBytesMax, cookies, options }: ExchangeOptions) {
    this.#cookies = cookies;
    this.#options = options;
    this.#closes = closesConnections(options);
    this.#origin = origin;
    this.#connection = httpConnection(origin, {
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: answerBytesMax,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
    });
  }

  /** Sends a request once those before it were answered. */
  start({ method, path, json, xml }: Ask, listener: AnswerListener): void {
    let status = 0;
    const chunks: Buffer[] = [];
    this.#connection.client.dispatch(
      {
        method,
        path,
        body: json ?? xml ?? null,
        reset: this.#closes,
        headers: this.#headers(method, xml !== undefined ? "xml" : json !== undefined ? "json" : "none"),
      },
      {
        onRequestStart: () => {},
        onResponseStart: (controller, statusCode, headers) => {
          status = statusCode;
          this.#cookies?.keep(setCookies(headers));
          const encoding = contentEncoding(headers["content-encoding"]);
          if (encoding !== undefined) controller.abort(unwantedEncoding("answer", encoding, this.#options));
        },
        onResponseData: (_controller, chunk) => void chunks.push(chunk),
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

  #headers(method: string, body: keyof typeof bodyHeaders): string[] {
    const cookie = this.#cookies?.header();
    const key = `${method} ${body}`;
    let headers = this.#headersMade.get(key);
    if (headers === undefined) {
      const own = pageHeaders(this.#options, "fetch", new URL(this.#origin), method) ?? plainHeaders;
      headers = Object.entries({ ...own, ...bodyHeaders[body] }).flat();
      this.#headersMade.set(key, headers);
    }
    return cookie === undefined ? headers : [...headers, "cookie", cookie];
  }

  /** Closes the connection at once; requests without an answer fail. Idempotent. */
  destroy(): void {
    this.#connection.destroy();
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
