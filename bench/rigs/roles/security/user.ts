/** A user with the protocol's own client, as a probe needs one. */
import { type ClientConnection, type CloseReason, defaultLimits, type Payload } from "../../../../protocol/contract.ts";
import { loadClient } from "../../../targets/protocol-modules.ts";
import { type ProbedTarget, patienceMs } from "./probe.ts";

/** Beyond what a server takes, so that it is the server that refuses. */
const limits = { ...defaultLimits, payloadBytesMax: 64 * 2 ** 20, queueBytesMax: 128 * 2 ** 20 };

export class ProbingUser implements AsyncDisposable {
  readonly #connection: ClientConnection;
  readonly #first: Promise<Payload>;

  private constructor(connection: ClientConnection, first: Promise<Payload>) {
    this.#connection = connection;
    this.#first = first;
  }

  /** Rejects as the client does. */
  static async connect({ protocol, options }: ProbedTarget, url: string, user = 0): Promise<ProbingUser> {
    const { promise, resolve } = Promise.withResolvers<Payload>();
    const client = await loadClient(protocol, "library");
    const signal = AbortSignal.timeout(patienceMs);
    return new ProbingUser(await client.connect({ url, options, limits, user, signal, onMessage: resolve }), promise);
  }

  /** Resolves with the first message that comes back, or with why the connection ended. Rejects where neither happens. */
  async ask(payload: Payload): Promise<{ readonly echo: Payload } | { readonly closed: CloseReason }> {
    const { promise: silence, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error("neither an answer nor an end came")), patienceMs);
    try {
      this.#connection.send(payload);
      return await Promise.race([
        this.#first.then((echo) => ({ echo })),
        this.#connection.closed.then((closed) => ({ closed })),
        silence,
      ]);
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
  }
}
