import { Client } from "undici";

/** What came back, whole. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

export interface ExchangeOptions {
  /** Longest time a server may be silent before or within an answer, in milliseconds. */
  readonly silenceMs: number;
  /** Largest body of an answer, in bytes; more fails the request. */
  readonly answerBytesMax: number;
}

/** Longer than any pause between two requests of a user, so that the server decides when a connection is idle. */
const keepAliveMs = 3_600_000;

/**
 * HTTP requests one after the other on one keep-alive connection (RFC 9112 section 9.3; no pipelining), which is
 * opened by the first and again if the server closes it between two. undici sets TCP_NODELAY on it.
 *
 * Uses undici's `dispatch`, the level below `request`: it makes no stream for a body that is a few hundred bytes
 * and comes in one piece, which is a quarter of the generator's CPU time at 50 connections.
 */
export class Exchange {
  readonly #client: Client;

  /** Connects nothing yet. `origin` is scheme, host and port. */
  constructor(origin: string, { silenceMs, answerBytesMax }: ExchangeOptions) {
    this.#client = new Client(origin, {
      pipelining: 1,
      headersTimeout: silenceMs,
      bodyTimeout: silenceMs,
      maxResponseSize: answerBytesMax,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
    });
  }

  get(path: string): Promise<Answer> {
    return this.#send("GET", path, null);
  }

  /** Posts JSON text, or nothing. */
  post(path: string, json: string | null): Promise<Answer> {
    return this.#send("POST", path, json);
  }

  delete(path: string): Promise<Answer> {
    return this.#send("DELETE", path, null);
  }

  /** Closes the connection at once; requests without an answer reject. Idempotent. */
  destroy(): void {
    void this.#client.destroy();
  }

  /** Rejects with the cause if there is no whole answer; a status is never an error here. */
  #send(method: "GET" | "POST" | "DELETE", path: string, body: string | null): Promise<Answer> {
    return new Promise((resolve, reject) => {
      let status = 0;
      const chunks: Buffer[] = [];
      this.#client.dispatch(
        { method, path, body, headers: body === null ? null : jsonHeaders },
        {
          onRequestStart: () => {},
          onResponseStart: (_controller, statusCode) => {
            status = statusCode;
          },
          onResponseData: (_controller, chunk) => void chunks.push(chunk),
          onResponseEnd: () =>
            resolve({ status, text: (chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString() }),
          onResponseError: (_controller, error) => reject(error),
        },
      );
    });
  }
}

const jsonHeaders = ["content-type", "application/json"];
