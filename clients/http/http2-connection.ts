import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from "node:http2";
import { beginsWithTls } from "../../protocol/address.ts";
import type { Options, SharedConnection } from "../../protocol/contract.ts";
import { http2Application, http2Windows, speaksHttp2 } from "../../protocol/options/h2.ts";

/** That of a user, where the target speaks HTTP/2: beside others on one carrier for those who share it. */
export function http2Connection(
  options: Options | undefined,
  url: URL,
  sharedBy?: object,
): Http2Connection | undefined {
  if (!speaksHttp2(options)) return undefined;
  return new Http2Connection(url.origin, sharedBy && sharedCarrier(sharedBy, url.origin));
}

const sharedCarriers = new WeakMap<SharedConnection, Map<string, Carrier>>();

function sharedCarrier(sharedBy: SharedConnection, origin: string): Carrier {
  const carriers = sharedCarriers.get(sharedBy) ?? new Map<string, Carrier>();
  sharedCarriers.set(sharedBy, carriers);
  const carrier = carriers.get(origin) ?? new Carrier(origin, sharedBy.windowBytes);
  carriers.set(origin, carrier);
  return carrier;
}

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

/** The TCP connection of one user or of several: opened by the first request, and again if it has ended between two. */
class Carrier {
  readonly #origin: string;
  readonly #windowBytes: number;
  #session: ClientHttp2Session | undefined;
  #users = 0;

  /** `windowBytes`: of a stream. */
  constructor(origin: string, windowBytes: number = http2Windows.client.stream) {
    this.#origin = origin;
    this.#windowBytes = windowBytes;
  }

  join(): void {
    this.#users++;
  }

  /** The last one closes it. */
  leave(): void {
    this.#users--;
    if (this.#users === 0) this.#session?.destroy();
  }

  get isShared(): boolean {
    return this.#users > 1;
  }

  session(): ClientHttp2Session {
    if (this.#session !== undefined && !this.#session.closed && !this.#session.destroyed) return this.#session;
    const { connection } = http2Windows.client;
    const settings = { enablePush: false, initialWindowSize: this.#windowBytes };
    const session = connect(this.#origin, { settings });
    // Its requests tell.
    session.on("error", () => {});
    const isOverTls = beginsWithTls(this.#origin);
    session.once("connect", () => {
      // Node goes on without, which RFC 9113 section 3.3 forbids over TLS: prior knowledge is for clear text.
      if (isOverTls && session.alpnProtocol !== http2Application) {
        session.destroy(new Error("the server does not agree on HTTP/2 in the TLS handshake (ALPN)"));
      } else if (!session.destroyed) session.setLocalWindowSize(connection);
    });
    this.#session = session;
    return session;
  }
}

/**
 * HTTP/2 (RFC 9113) for all requests of one user, on a connection of his own or as streams beside those of others. Through
 * TLS for https, in clear by prior knowledge for http.
 */
export class Http2Connection {
  readonly #carrier: Carrier;
  readonly #streams = new Set<ClientHttp2Stream>();
  #isDestroyed = false;
  #isReading = true;

  /** Connects nothing yet. `origin` is scheme, host and port. */
  constructor(origin: string, carrier = new Carrier(origin)) {
    this.#carrier = carrier;
    carrier.join();
  }

  /** Sends a request, beside those that are under way. Returns the stream it has, to pause or cancel it. */
  request({ method, path, headers, body }: Http2Request, listener: ResponseListener): ClientHttp2Stream | undefined {
    if (this.#isDestroyed) {
      queueMicrotask(() => listener.failed(new Error("the connection is destroyed")));
      return undefined;
    }
    const lowerCased = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
    const stream = this.#carrier
      .session()
      .request(
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
        // Not before: Node tells of a head a turn after it came, and of data at once.
        stream.on("data", (chunk: Buffer) => {
          if (!isOver) listener.data(chunk);
        });
      })
      // A stream that is reset seems to end, too.
      .on("end", () => {
        if (!stream.aborted && stream.rstCode === constants.NGHTTP2_NO_ERROR) over(() => listener.ended());
      })
      .on("error", (error) => over(() => listener.failed(error)))
      .on("close", () => over(() => listener.failed(new Error("the server closed the connection"))));
    this.#streams.add(stream);
    if (!this.#isReading) stream.pause();
    stream.once("close", () => this.#streams.delete(stream));
    if (body !== undefined) stream.end(body);
    return stream;
  }

  /** Stops taking what comes on this user's streams, or goes on; those of others go on all the same. */
  reads(on: boolean): void {
    this.#isReading = on;
    for (const stream of this.#streams) {
      if (on) stream.resume();
      else stream.pause();
    }
  }

  /** Closes it at once, or of a shared one its own streams; requests without an answer fail. Idempotent. */
  destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    if (this.#carrier.isShared) for (const stream of this.#streams) stream.close(constants.NGHTTP2_CANCEL);
    this.#carrier.leave();
  }
}
