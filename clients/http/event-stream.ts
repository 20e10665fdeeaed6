import { EventSource } from "eventsource";
import { Client, fetch } from "undici";
import type { CloseReason, CookieJar, Payload } from "../../protocol/contract.ts";
import { decodeBase64, decodeMessage, MessageRefused, parseJson } from "../../protocol/wires/json-message.ts";
import { contentEncoding } from "./exchange.ts";

export interface EventStreamOptions {
  readonly url: URL;
  readonly payloadBytesMax: number;
  readonly cookies?: CookieJar | undefined;
  /** The first event came: where messages are to be posted, as the server wrote it. */
  readonly opened: (uplink: string) => void;
  readonly message: (payload: Payload) => void;
  /** Called at most once, and not after `destroy`. `cause` is what made it end, for errors that quote it. */
  readonly ended: (reason: CloseReason, cause: unknown) => void;
}

/**
 * An event stream (WHATWG HTML section 9.2) read with `eventsource` on a connection of its own. The first error
 * ends it: an EventSource that reconnects by itself hides lost messages and puts handshakes into samples.
 */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #connection: Client;
  readonly #source: EventSource;
  #compression: string | undefined;
  #open = true;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#connection = new Client(options.url.origin, { headersTimeout: 0, bodyTimeout: 0 });
    const { payloadBytesMax, cookies } = options;
    let thrown: unknown;
    this.#source = new EventSource(options.url, {
      fetch: async (url, { headers, signal }) => {
        try {
          const cookie = cookies?.header();
          const response = await fetch(url, {
            headers: { ...headers, "accept-encoding": "identity", ...(cookie !== undefined && { cookie }) },
            signal,
            cache: "no-store",
            redirect: "error",
            dispatcher: this.#connection,
          });
          cookies?.keep(response.headers.getSetCookie());
          this.#compression = contentEncoding(response.headers.get("content-encoding"));
          return response;
        } catch (error) {
          // The error event carries only its text, and the caller acts on its code.
          thrown = error;
          throw error;
        }
      },
    });
    this.#listen("connection", parseUplink, options.opened);
    this.#listen("message", (data) => decodeMessage(parseJson(data), payloadBytesMax), options.message);
    this.#listen("binary", (data) => decodeBase64(data, payloadBytesMax), options.message);
    this.#source.addEventListener("error", ({ code, message }) => {
      const reason: CloseReason =
        code === undefined && message !== undefined
          ? { by: "network", message }
          : { by: "server", message: message ?? "end of stream" };
      this.#end(reason, thrown ?? new Error(reason.message));
    });
  }

  /** What the server encodes the stream in although identity was asked for; `fetch` takes it off again. */
  get compression(): string | undefined {
    return this.#compression;
  }

  /** Closes the connection at once. Idempotent. */
  destroy(): void {
    this.#open = false;
    this.#source.close();
    void this.#connection.destroy();
  }

  #listen<T>(type: string, decode: (data: string) => T, take: (value: T) => void): void {
    this.#source.addEventListener(type, (event) => {
      // A closed EventSource still reports the events it has already received.
      if (!this.#open) return;
      let value: T;
      try {
        value = decode(event.data);
      } catch (error) {
        if (!(error instanceof MessageRefused)) throw error;
        return this.#end({ by: "network", message: error.message }, error);
      }
      take(value);
    });
  }

  #end(reason: CloseReason, cause: unknown): void {
    if (!this.#open) return;
    this.destroy();
    this.#options.ended(reason, cause);
  }
}

function parseUplink(data: string): string {
  const value = parseJson(data);
  if (typeof value === "object" && value !== null && "uplink" in value && typeof value.uplink === "string") {
    return value.uplink;
  }
  throw new MessageRefused('expected {"uplink": PATH} in the first event');
}
