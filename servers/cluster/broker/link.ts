/**
 * What is the same for every broker: one session after the other, with the same quick reconnects, the same bounds and
 * the same words. The libraries' own reconnecting is switched off: their back-offs, their queues behind a lost
 * connection and what each of them forgets to subscribe again would otherwise be measured as the broker's.
 */
import { describeError, WirebenchError } from "../../../protocol/errors.ts";
import type { BrokerConnection, BrokerConnectOptions, BrokerMessage, BrokerStatus } from "./broker.ts";
import { guard } from "./heartbeat.ts";
import { Opening } from "./opening.ts";
import type { OpenSession, Session, SessionContext } from "./session.ts";

/** Wait before each try to open a session again; the last one from then on. The same for all brokers, and no jitter. */
const retryDelaysMs = [50, 100, 150, 200, 250];
/** A session that is not open again after this long is given up. Kafka makes members of a group wait for a dead one. */
const openWaitMs = 15_000;
/** The first one is waited for by nobody who is measured, beside everything else that starts then. */
const firstOpenWaitMs = 55_000;
const endWaitMs = 2000;
/** Published and not yet taken by the broker; more is refused, for a broker that does not read. */
const publishQueueBytesMax = 16 * 1024 * 1024;

type Reject = (error: WirebenchError) => void;

export class BrokerLink implements BrokerConnection {
  readonly #title: string;
  readonly #options: BrokerConnectOptions;
  readonly #open: OpenSession;
  readonly #closing = new AbortController();
  /** Calls that end with the session. */
  readonly #waiting = new Set<Reject>();
  readonly #rooms = new Set<string>();
  /** Sessions and tries that are ending. */
  readonly #endings = new Set<Promise<void>>();
  #session: { readonly session: Session; stopGuard(): void } | undefined;
  #position: string | undefined;
  #unansweredBytes = 0;
  /** Messages and answers that came from the broker. */
  #heard = 0;
  #reconnecting: Promise<void> = Promise.resolve();

  private constructor(title: string, options: BrokerConnectOptions, open: OpenSession) {
    this.#title = title;
    this.#options = options;
    this.#open = open;
  }

  /** Resolves when the first session is live. Rejects with `connect-refused`, `connect-failed` or `aborted`. */
  static async connect(title: string, options: BrokerConnectOptions, open: OpenSession): Promise<BrokerConnection> {
    const link = new BrokerLink(title, options, open);
    try {
      options.signal.throwIfAborted();
      await link.#openSession(options.signal, firstOpenWaitMs);
      return link;
    } catch (error) {
      await link.close();
      if (options.signal.aborted) throw new WirebenchError("aborted", `connecting to ${title} was aborted`);
      const code = isRefused(error) ? "connect-refused" : "connect-failed";
      throw new WirebenchError(code, `${title} at ${options.url}: ${describeError(error)}`, { cause: error });
    }
  }

  get live(): boolean {
    return this.#session !== undefined;
  }

  get position(): string | undefined {
    return this.#position;
  }

  async publish(text: string, room?: string): Promise<void> {
    const { session } = this.#session ?? {};
    if (session === undefined) throw new WirebenchError("closed", `no connection to ${this.#title}`);
    const bytes = Buffer.byteLength(text);
    if (this.#unansweredBytes + bytes > publishQueueBytesMax) {
      throw new WirebenchError("queue-full", `${this.#title} has not taken ${this.#unansweredBytes} bytes yet`);
    }
    this.#unansweredBytes += bytes;
    try {
      await this.#unlessLost(session.publish(text, room));
      this.#heard++;
    } finally {
      this.#unansweredBytes -= bytes;
    }
  }

  async subscribe(room: string): Promise<void> {
    const { session } = this.#session ?? {};
    if (session === undefined) throw new WirebenchError("closed", `no connection to ${this.#title}`);
    if (session.subscribe === undefined) throw new WirebenchError("usage", `${this.#title} has no rooms`);
    this.#rooms.add(room);
    try {
      await this.#unlessLost(session.subscribe(room));
    } catch (error) {
      this.#rooms.delete(room);
      throw error;
    }
  }

  unsubscribe(room: string): void {
    if (!this.#rooms.delete(room)) return;
    // A session that is lost has none left.
    this.#session?.session.unsubscribe?.(room).catch(() => {});
  }

  async replay(position: string): Promise<readonly BrokerMessage[] | undefined> {
    const { session } = this.#session ?? {};
    try {
      return await (session?.replay === undefined ? undefined : this.#unlessLost(session.replay(position)));
    } catch {
      // All or a declared gap: what could not be read cannot be told from what is not there.
      return undefined;
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#endSession("the connection was closed");
    await this.#reconnecting;
    await Promise.all(this.#endings);
  }

  /** A call that would otherwise wait for an answer which can no longer come. */
  #unlessLost<T>(answer: Promise<T>): Promise<T> {
    // Not a race against one promise of the session: each call would stay with it until the session ends.
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      answer.then(resolve, reject).finally(() => this.#waiting.delete(reject));
    });
  }

  async #openSession(signal: AbortSignal, waitMs = openWaitMs): Promise<boolean> {
    using opening = new Opening({ cancelledBy: [signal, this.#closing.signal], waitMs });
    /** What came before the caller can know that the session is live. */
    let early: BrokerMessage[] | undefined = [];
    let state: "opening" | "live" | "over" = "opening";
    const hand = (message: BrokerMessage): void => {
      if (message.position !== undefined) this.#position = message.position;
      this.#options.onMessage(message);
    };
    const context: SessionContext = {
      url: this.#options.url,
      topic: this.#options.topic,
      node: this.#options.node,
      consumerGroup: this.#options.consumerGroup,
      rooms: [...this.#rooms],
      after: this.#position,
      signal: opening.signal,
      deliver: (message) => {
        if (state === "over") return;
        this.#heard++;
        if (early === undefined) hand(message);
        else early.push(message);
      },
      gap: () => {
        if (state === "live") this.#tell("live-after-gap");
      },
      lost: () => {
        const wasLive = state === "live";
        state = "over";
        if (wasLive) this.#lost();
      },
    };
    const session = await this.#settled(this.#open(context), opening.signal);
    if (state !== "opening" || opening.signal.aborted) {
      this.#end(session);
      throw new WirebenchError("connect-failed", "the connection was lost at once");
    }
    state = "live";
    this.#position = session.position;
    this.#session = { session, stopGuard: guard(session, () => this.#heard, context.lost) };
    for (const room of context.rooms) if (!this.#rooms.has(room)) session.unsubscribe?.(room).catch(() => {});
    // A turn later, so that whoever awaits the connection has it when messages and the first change of status come.
    setImmediate(() => {
      const came = early ?? [];
      early = undefined;
      for (const message of came) context.deliver(message);
      if (state === "live") session.start?.();
    });
    return session.gap;
  }

  /** The opened session, or the reason as soon as nobody wants it any more; a late one is ended. */
  async #settled(opening: Promise<Session>, giveUp: AbortSignal): Promise<Session> {
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = (): void => reject(giveUp.reason);
    giveUp.addEventListener("abort", abort, { once: true });
    if (giveUp.aborted) abort();
    try {
      return await Promise.race([opening, aborted]);
    } catch (error) {
      const ending = opening.then(
        (late) => this.#end(late),
        () => {},
      );
      this.#track(ending);
      throw error;
    } finally {
      giveUp.removeEventListener("abort", abort);
    }
  }

  #lost(): void {
    this.#endSession(`the connection to ${this.#title} was lost`);
    this.#tell("lost");
    if (!this.#closing.signal.aborted) this.#reconnecting = this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    const { signal } = this.#closing;
    for (let attempt = 0; ; attempt++) {
      await elapsed(retryDelaysMs[Math.min(attempt, retryDelaysMs.length - 1)]!, signal);
      if (signal.aborted) return;
      try {
        const gap = await this.#openSession(signal);
        this.#tell(gap ? "live-after-gap" : "live");
        return;
      } catch {
        // The status says that it is lost; why this try failed helps nobody.
      }
    }
  }

  #tell(status: BrokerStatus): void {
    if (!this.#closing.signal.aborted) this.#options.onStatus(status);
  }

  #endSession(reason: string): void {
    const ending = this.#session;
    this.#session = undefined;
    for (const reject of this.#waiting) reject(new WirebenchError("closed", reason));
    this.#waiting.clear();
    if (ending === undefined) return;
    ending.stopGuard();
    this.#end(ending.session);
  }

  #end(session: Session): void {
    this.#track(Promise.resolve().then(() => session.end()));
  }

  #track(ending: Promise<void>): void {
    const bounded = within(ending, endWaitMs);
    this.#endings.add(bounded);
    void bounded.finally(() => this.#endings.delete(bounded));
  }
}

/** Resolves when the promise settles in either way or the time is over. */
function within(promise: Promise<void>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    promise
      .catch(() => {})
      .finally(() => {
        clearTimeout(timer);
        resolve();
      });
  });
}

function elapsed(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}

/** Whether nothing listens there, wherever a library hid the system's answer. */
function isRefused(error: unknown): boolean {
  if (error instanceof AggregateError && error.errors.some(isRefused)) return true;
  if (!(error instanceof Error)) return false;
  return (
    (error as NodeJS.ErrnoException).code === "ECONNREFUSED" ||
    error.message.includes("ECONNREFUSED") ||
    (error.cause !== undefined && isRefused(error.cause))
  );
}
