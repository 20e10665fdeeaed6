import { setTimeout as wait } from "node:timers/promises";
import { nowNs } from "../../../../protocol/clock.ts";
import {
  type ClientConnection,
  type CloseReason,
  type ConnectOptions,
  defaultLimits,
  type ProtocolClient,
} from "../../../../protocol/contract.ts";

/** Longest wait for the last echo, in milliseconds. */
const lastEchoMsMax = 1000;

/** One user who sends a message at a time, or none. */
export class Caller {
  readonly #payload: string;
  #connection: ClientConnection | undefined;
  #echoed: () => void = () => {};
  /** Of the last message; whoever is on the way saw it no sooner. */
  #sentNs = nowNs();
  #end: CloseReason | undefined;

  static async connect(
    client: ProtocolClient,
    options: Omit<ConnectOptions, "limits" | "onMessage">,
    payloadBytes: number,
  ): Promise<Caller> {
    const caller = new Caller("x".repeat(payloadBytes));
    const onMessage = (): void => caller.#echoed();
    const connection = await client.connect({ ...options, limits: defaultLimits, onMessage });
    caller.#connection = connection;
    void connection.closed.then((reason) => {
      caller.#end = reason;
    });
    return caller;
  }

  private constructor(payload: string) {
    this.#payload = payload;
  }

  /** Resolves with the milliseconds until the echo; rejects when the connection ends, or at the signal. */
  async echo(signal: AbortSignal): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Nobody waits for it where the connection is over before anything is sent.
    promise.catch(() => {});
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    this.#echoed = resolve;
    void this.#connection!.closed.then(({ message }) => reject(new Error(message)));
    const startNs = nowNs();
    this.#sentNs = startNs;
    try {
      this.#connection!.send(this.#payload);
      await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#echoed = () => {};
    }
    return (nowNs() - startNs) / 1e6;
  }

  /** What becomes of a connection on which nobody says anything for so long. */
  async staySilent(ms: number): Promise<{ cutAfterMs: number; reason: string } | "outlived"> {
    const sinceNs = this.#sentNs;
    const endedAtNs = this.#connection!.closed.then(() => nowNs());
    const endNs = await Promise.race([endedAtNs, wait(ms).then(() => undefined)]);
    if (endNs !== undefined) return { cutAfterMs: (endNs - sinceNs) / 1e6, reason: this.#end?.message ?? "ended" };
    try {
      await this.echo(AbortSignal.timeout(lastEchoMsMax));
      return "outlived";
    } catch {
      return { cutAfterMs: (nowNs() - sinceNs) / 1e6, reason: "no answer after the silence" };
    }
  }

  /** Whether messages at such intervals keep the connection, and the last is answered. */
  async beat(everyMs: number, ms: number): Promise<boolean> {
    const endNs = nowNs() + ms * 1e6;
    while (nowNs() < endNs && this.#end === undefined) {
      this.#connection!.send(this.#payload);
      await Promise.race([wait(everyMs), this.#connection!.closed]);
    }
    if (this.#end !== undefined) return false;
    return await this.echo(AbortSignal.timeout(lastEchoMsMax)).then(
      () => true,
      () => false,
    );
  }

  get compression(): string | undefined {
    return this.#connection!.compression;
  }

  close(): Promise<void> {
    return this.#connection!.close();
  }
}
