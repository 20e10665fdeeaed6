import { connectClient } from "../../load/users/connect.ts";
import {
  type ClientConnection,
  defaultLimits,
  type Limits,
  type Options,
  type Payload,
  type ProtocolClient,
} from "../../protocol/contract.ts";
import { WirebenchError } from "../../protocol/errors.ts";

/** Nothing a conforming server is asked for takes this long, whatever else the machine is doing. */
export const answerMs = 5000;

/** A connection with an inbox, so that a case reads like a conversation. */
export class Peer implements AsyncDisposable {
  readonly connection: ClientConnection;
  readonly #inbox: Inbox;

  private constructor(connection: ClientConnection, inbox: Inbox) {
    this.connection = connection;
    this.#inbox = inbox;
  }

  static async connect(
    client: ProtocolClient,
    url: string,
    options: Options,
    limits: Partial<Limits> = {},
  ): Promise<Peer> {
    const inbox = new Inbox();
    const connection = await connectClient(client, {
      url,
      limits: { ...defaultLimits, handshakeMs: answerMs, ...limits },
      user: 0,
      options,
      onMessage: (payload) => inbox.put(payload),
    });
    return new Peer(connection, inbox);
  }

  send(payload: Payload): void {
    this.connection.send(payload);
  }

  /** The next message; throws if the connection ends, or nothing comes within `waitMs`: absent, as long as any answer may take. */
  receive(waitMs?: number): Promise<Payload> {
    const ended = this.connection.closed.then(({ message }) => {
      throw new WirebenchError("closed", `the connection ended (${message}) while a message was due`);
    });
    return within(Promise.race([this.#inbox.take(), ended]), "no message came", waitMs);
  }

  async receiveMany(count: number, waitMs?: number): Promise<Payload[]> {
    const payloads: Payload[] = [];
    while (payloads.length < count) payloads.push(await this.receive(waitMs));
    return payloads;
  }

  async ask(payload: Payload, waitMs?: number): Promise<Payload> {
    this.send(payload);
    return this.receive(waitMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.close();
  }
}

/** Messages that came before they were asked for, or a wish for the next. */
class Inbox {
  readonly #messages: Payload[] = [];
  #wish: ((payload: Payload) => void) | undefined;

  put(payload: Payload): void {
    const wish = this.#wish;
    this.#wish = undefined;
    if (wish) wish(payload);
    else this.#messages.push(payload);
  }

  take(): Promise<Payload> {
    const message = this.#messages.shift();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve) => {
      this.#wish = resolve;
    });
  }
}

/** What was waited for did not happen in time. */
export class Overdue extends Error {}

/** Bounds a wait; `complaint` says what did not happen. */
export async function within<T>(promise: Promise<T>, complaint: string, waitMs = answerMs): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Overdue(`${complaint} within ${waitMs / 1000} s`)), waitMs);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
