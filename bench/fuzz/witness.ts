import { setTimeout as wait } from "node:timers/promises";
import type { RunningServer } from "../../protocol/contract.ts";
import { type Context, login } from "./conversation.ts";
import { RawConnection } from "./tcp.ts";
import { type Wire, wireOf } from "./wire.ts";

/** Who says something to a server. */
export type Speaker = Omit<Context, "previousId" | "heard">;

/** A user of the server, as its URL tells; all have one password. */
export function speaker({ url }: RunningServer, user: string, resource: string): Speaker {
  const { pathname, password, searchParams } = new URL(url);
  const domain = searchParams.get("domain") ?? decodeURIComponent(pathname.slice(1));
  return { domain, user, password: decodeURIComponent(password), resource };
}

/** A client that does nothing wrong, and is to be served whatever others do. */
export class HealthyClient implements Disposable {
  readonly #connection: RawConnection;
  readonly #domain: string;
  readonly #wire: Wire;
  #messages = 0;

  private constructor(connection: RawConnection, domain: string, wire: Wire) {
    this.#connection = connection;
    this.#domain = domain;
    this.#wire = wire;
  }

  /** Logs in and binds a resource; rejects if it is refused. */
  static async connect(server: RunningServer, who: Speaker): Promise<HealthyClient> {
    const connection = await RawConnection.to(server.url);
    const client = new HealthyClient(connection, who.domain, wireOf(server.url));
    const context = { ...who, previousId: "", heard: "" };
    connection.write(
      Buffer.concat([client.#wire.opening, ...login.map((piece) => client.#wire.encode(piece.xml(context)))]),
    );
    await client.#hears(/<jid>/);
    return client;
  }

  /** Resolves when the server has echoed a message. */
  async echo(): Promise<void> {
    const text = `echo ${++this.#messages} `;
    this.#connection.forget();
    this.#connection.write(this.#wire.encode(`<message to='${this.#domain}'><body>${text}</body></message>`));
    await this.#hears(new RegExp(`<body>${text}</body>`));
  }

  async #hears(pattern: RegExp): Promise<void> {
    await this.#connection.until(pattern);
    const heard = this.#connection.heard.toString();
    if (!pattern.test(heard))
      throw new Error(`a client that did nothing wrong heard ${JSON.stringify(heard.slice(-500))}`);
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}

/** Accounts that mutated conversations use. */
export const accounts = ["user0", "user1", "user2", "user3"] as const;

/** Resolves when the server has one connection, that of a healthy client, and the addresses that others used are free. */
export async function nothingLeft(server: RunningServer, resources: readonly string[]): Promise<void> {
  await hasConnections(server, 1);
  for (const user of accounts) {
    for (const resource of resources)
      (await HealthyClient.connect(server, speaker(server, user, resource)))[Symbol.dispose]();
  }
  await hasConnections(server, 1);
}

async function hasConnections(server: RunningServer, count: number): Promise<void> {
  const deadlineMs = performance.now() + 20_000;
  while (server.connections !== count) {
    if (performance.now() > deadlineMs) {
      throw new Error(`${server.connections - count} connections of clients that are gone are left`);
    }
    await wait(5);
  }
}
