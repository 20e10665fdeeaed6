/** The contract of a client that runs in a page of a browser: types only, since nothing else of this project is there. */
import type { Options, Payload } from "./contract.ts";

export interface PageOptions {
  readonly url: string;
  /** Of the target. */
  readonly options: Options;
  /** Called in the turn of the event that completed the message. */
  readonly onMessage: (payload: Payload) => void;
  /** Called at least once when the connection has ended, with a sentence for a human. */
  readonly onEnd: (why: string) => void;
}

export interface PageConnection {
  /** Never waits for the peer; order is kept. */
  send(payload: Payload): void;
  close(): void;
}

/** A protocol as a page speaks it: with what browsers bring, so that its module imports nothing but modules like it. */
export interface PageClient {
  /** Resolves when the first message can be sent. */
  connect(options: PageOptions): Promise<PageConnection>;
}
