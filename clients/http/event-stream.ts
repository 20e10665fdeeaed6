import { EventSource } from "eventsource";
import { fetch } from "undici";
import type { CloseReason } from "../../protocol/contract.ts";
import { type HttpConnection, httpConnection } from "./connection.ts";
import { type EventStream, type EventStreamOptions, eventTypes } from "./event-link.ts";
import { compresses } from "../../protocol/options/deflate.ts";
import { pageHeaders } from "./browser-headers.ts";
import { contentEncoding, encodingAsked, notCompressed } from "./exchange.ts";

/**
 * An event stream (WHATWG HTML section 9.2) read with `eventsource` on a connection of its own. The first error
 * ends it: an EventSource that reconnects by itself hides lost messages and puts handshakes into samples.
 */
export class SourcedEventStream implements EventStream {
  readonly #options: EventStreamOptions;
  readonly #connection: HttpConnection;
  readonly #source: EventSource;
  #compression: string | undefined;
  #open = true;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#connection = httpConnection(options.url.origin, { headersTimeout: 0, bodyTimeout: 0 });
    const { cookies } = options;
    const browser = pageHeaders(options.options, "events", options.url);
    let thrown: unknown;
    this.#source = new EventSource(options.url, {
      fetch: async (url, { headers, signal }) => {
        try {
          const cookie = cookies?.header();
          const response = await fetch(url, {
            headers: {
              ...headers,
              ...(browser ?? { "accept-encoding": encodingAsked(options.options) }),
              ...(cookie !== undefined && { cookie }),
            },
            signal,
            // Adds header fields, which a browser's have or have not.
            cache: browser === undefined ? "no-store" : "default",
            redirect: "error",
            dispatcher: this.#connection.client,
          });
          cookies?.keep(response.headers.getSetCookie());
          this.#compression = contentEncoding(response.headers.get("content-encoding"));
          if (response.ok && compresses(options.options) && this.#compression !== "gzip") throw notCompressed();
          return response;
        } catch (error) {
          // The error event carries only its text, and the caller acts on its code.
          thrown = error;
          throw error;
        }
      },
    });
    for (const type of eventTypes) {
      this.#source.addEventListener(type, ({ data }) => {
        // A closed EventSource still reports the events it has already received.
        if (this.#open) options.event(type, data);
      });
    }
    this.#source.addEventListener("error", ({ code, message }) => {
      const reason: CloseReason =
        code === undefined && message !== undefined
          ? { by: "network", message }
          : { by: "server", message: message ?? "end of stream" };
      this.#end(reason, thrown ?? new Error(reason.message));
    });
  }

  /** What the server encodes the stream in, asked for or not; `fetch` takes it off again. */
  get compression(): string | undefined {
    return this.#compression;
  }

  /** Closes the connection at once. Idempotent. */
  destroy(): void {
    this.#open = false;
    this.#source.close();
    this.#connection.destroy();
  }

  #end(reason: CloseReason, cause: unknown): void {
    if (!this.#open) return;
    this.destroy();
    this.#options.ended(reason, cause);
  }
}
