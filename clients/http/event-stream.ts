import { EventSource, type FetchLikeResponse } from "eventsource";
import { fetch, type Response } from "undici";
import type { CloseReason } from "../../protocol/contract.ts";
import { compresses } from "../../protocol/options/deflate.ts";
import { heartbeatMs } from "../../protocol/options/heartbeat.ts";
import { retryMs } from "../../protocol/options/retry.ts";
import { encodedBytesMax } from "../../protocol/wires/payload.ts";
import { pageHeaders } from "./browser-headers.ts";
import { type HttpConnection, httpConnection } from "./connection.ts";
import { lastEventHeader } from "./event-id.ts";
import { type EventStream, type EventStreamOptions, eventTypes } from "./event-link.ts";
import { EventParser } from "./event-parser.ts";
import { contentEncoding, encodingAsked, notCompressed } from "./exchange.ts";
import { fetchOnStream } from "./http2-fetch.ts";

/**
 * An event stream (WHATWG HTML section 9.2) read with `eventsource` on a connection of its own. The first error
 * ends it: an EventSource that reconnects by itself hides lost messages and puts handshakes into samples.
 */
export class SourcedEventStream implements EventStream {
  readonly #options: EventStreamOptions;
  /** Absent where HTTP/2 is spoken. */
  readonly #connection: HttpConnection | undefined;
  readonly #source: EventSource;
  #compression: string | undefined;
  #open = true;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    const { cookies, http2 } = options;
    if (http2 === undefined) {
      this.#connection = httpConnection(options.url.origin, { headersTimeout: 0, bodyTimeout: 0 });
    }
    const browser = pageHeaders(options.options, "events", options.url);
    let thrown: unknown;
    this.#source = new EventSource(options.url, {
      fetch: async (url, { headers, signal }) => {
        try {
          const cookie = cookies?.header();
          const asked = {
            ...headers,
            ...(browser ?? { "accept-encoding": encodingAsked(options.options) }),
            ...(cookie !== undefined && { cookie }),
            ...lastEventHeader(options.lastEventId),
          };
          if (http2 !== undefined) return this.#checked(await fetchOnStream(http2, options.url, asked));
          const response = await fetch(url, {
            headers: asked,
            signal,
            // Adds header fields, which a browser's have or have not.
            cache: browser === undefined ? "no-store" : "default",
            redirect: "error",
            dispatcher: this.#connection!.client,
          });
          return this.#checked(response);
        } catch (error) {
          // The error event carries only its text, and the caller acts on its code.
          thrown = error;
          throw error;
        }
      },
    });
    for (const type of eventTypes) {
      this.#source.addEventListener(type, ({ data, lastEventId }) => {
        // A closed EventSource still reports the events it has already received.
        if (this.#open) options.event(type, data, lastEventId);
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

  #checked(response: Response): FetchLikeResponse {
    const { cookies, options } = this.#options;
    cookies?.keep(response.headers.getSetCookie());
    this.#compression = contentEncoding(response.headers.get("content-encoding"));
    if (response.ok && compresses(options) && this.#compression !== "gzip") throw notCompressed();
    const { heard, retry, payloadBytesMax } = this.#options;
    const listeners: ((piece: Uint8Array) => void)[] = [];
    if (heartbeatMs(options) !== undefined) listeners.push(heard);
    if (retryMs(options) !== undefined) {
      const ignore = (): void => {};
      const parser = new EventParser(encodedBytesMax(payloadBytesMax), ignore, ignore, retry);
      listeners.push((piece) => parser.push(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)));
    }
    return listeners.length === 0 ? response : overheard(response, listeners);
  }

  /** What the server encodes the stream in, asked for or not; `fetch` takes it off again. */
  get compression(): string | undefined {
    return this.#compression;
  }

  /** Closes the connection at once. Idempotent. */
  destroy(): void {
    this.#open = false;
    this.#source.close();
    this.#connection?.destroy();
  }

  #end(reason: CloseReason, cause: unknown): void {
    if (!this.#open) return;
    this.destroy();
    this.#options.ended(reason, cause);
  }
}

/** The same response, of whose body each piece is heard: an EventSource keeps comments and reconnection times to itself. */
function overheard(
  { body, url, status, redirected, headers }: Response,
  listeners: readonly ((piece: Uint8Array) => void)[],
): FetchLikeResponse {
  const ear = new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, controller) {
      for (const listener of listeners) listener(piece);
      controller.enqueue(piece);
    },
  });
  return { body: body?.pipeThrough(ear as never) ?? null, url, status, redirected, headers };
}
