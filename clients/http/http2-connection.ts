import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from "node:http2";
import type { Options } from "../../protocol/contract.ts";
import { http2Windows, speaksHttp2 } from "../../protocol/options/h2.ts";

/** That of a user, where the target speaks HTTP/2. */
export const http2Connection = (options: Options | undefined, url: URL): Http2Connection | undefined =>
  speaksHttp2(options) ? new Http2Connection(url.origin) : undefined;

/** What becomes of a request. After `ended` and `failed` nothing is called any more. */
export interface ResponseListener {
  started(status: number, headers: IncomingHttpHeaders): void;
  data(chunk: Buffer): void;
  ended(): void;
  failed(cause: Error): void;
}

export interface Http2Request {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/**
 * One HTTP/2 connection (RFC 9113) of one user, for all requests of his: opened by the first, and again if it has ended
 * between two. Through TLS for https, in clear by prior knowledge for http.
 */
export class Http2Connection {
  readonly #origin: string;
  #session: ClientHttp2Session | undefined;
  #isDestroyed = false;

  /** Connects nothing yet. `origin` is scheme, host and port. */
  constructor(origin: string) {
    this.#origin = origin;
  }

  /** Sends a request, beside those that are under way. Returns the stream it has, to pause or cancel it. */
  request({ method, path, headers, body }: Http2Request, listener: ResponseListener): ClientHttp2Stream | undefined {
    if (this.#isDestroyed) {
      queueMicrotask(() => listener.failed(new Error("the connection is destroyed")));
      return undefined;
    }
    const lowerCased = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
    const stream = this.#open().request(
      { ...Object.fromEntries(lowerCased), ":method": method, ":path": path },
      { endStream: body === undefined },
    );
    let isOver = false;
    const over = (tell: () => void): void => {
      if (isOver) return;
      isOver = true;
      tell();
    };
    stream
      .on("response", (answer) => {
        if (!isOver) listener.started(answer[":status"] ?? 0, answer);
      })
      .on("data", (chunk: Buffer) => {
        if (!isOver) listener.data(chunk);
      })
      // A stream that is reset seems to end, too.
      .on("end", () => {
        if (!stream.aborted && stream.rstCode === constants.NGHTTP2_NO_ERROR) over(() => listener.ended());
      })
      .on("error", (error) => over(() => listener.failed(error)))
      .on("close", () => over(() => listener.failed(new Error("the server closed the connection"))));
    if (body !== undefined) stream.end(body);
    return stream;
  }

  /** Closes it at once; requests without an answer fail. Idempotent. */
  destroy(): void {
    this.#isDestroyed = true;
    this.#session?.destroy();
  }

  #open(): ClientHttp2Session {
    if (this.#session !== undefined && !this.#session.closed && !this.#session.destroyed) return this.#session;
    const { stream, connection } = http2Windows.client;
    const session = connect(this.#origin, { settings: { enablePush: false, initialWindowSize: stream } });
    // Its requests tell.
    session.on("error", () => {});
    session.once("connect", () => {
      if (!session.destroyed) session.setLocalWindowSize(connection);
    });
    this.#session = session;
    return session;
  }
}
