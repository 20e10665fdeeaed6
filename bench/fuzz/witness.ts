import { setTimeout as wait } from "node:timers/promises";
import { xml } from "@xmpp/xml";
import { boshBinding } from "../../clients/xmpp/bosh.ts";
import { openSession, type XmppSession } from "../../clients/xmpp/session.ts";
import { defaultLimits, type RunningServer } from "../../protocol/contract.ts";
import { BoshWire, readResponse } from "./bosh-wire.ts";
import { type Context, login } from "./conversation.ts";
import { connectionsMax } from "./fuzzed.ts";
import { responsesIn } from "./http.ts";
import { patienceMs, RawConnection } from "./tcp.ts";
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
export interface Healthy extends Disposable {
  /** Resolves when the server has echoed a message. */
  echo(): Promise<void>;
}

/** Logs in and binds a resource; rejects if it is refused. */
export const connectHealthy = (server: RunningServer, who: Speaker): Promise<Healthy> =>
  server.url.startsWith("http") ? HealthyHttpClient.connect(server, who) : HealthyClient.connect(server, who);

class HealthyClient implements Healthy {
  readonly #connection: RawConnection;
  readonly #domain: string;
  readonly #wire: Wire;
  #messages = 0;

  private constructor(connection: RawConnection, domain: string, wire: Wire) {
    this.#connection = connection;
    this.#domain = domain;
    this.#wire = wire;
  }

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

/** Over BOSH, with the client of the project, which keeps a request waiting at the server. */
class HealthyHttpClient implements Healthy {
  readonly #session: XmppSession;
  #messages = 0;
  #heard: (text: string | null) => void = () => {};

  private constructor(session: XmppSession) {
    this.#session = session;
  }

  static async connect({ url }: RunningServer, { user, resource }: Speaker): Promise<HealthyHttpClient> {
    const own = new URL(url);
    own.username = user;
    const signal = AbortSignal.timeout(patienceMs);
    const session = await openSession(boshBinding, {
      ...{ url: own.href, limits: defaultLimits, user: 0, signal, resource },
      onStanza: (stanza) => client.#heard(stanza.getChildText("body")),
    });
    const client: HealthyHttpClient = new HealthyHttpClient(session);
    return client;
  }

  async echo(): Promise<void> {
    const text = `echo ${++this.#messages}`;
    const echoed = new Promise<void>((resolve) => {
      this.#heard = (heard) => heard === text && resolve();
    });
    this.#session.send(xml("message", { to: this.#session.domain }, xml("body", {}, text)));
    const gone = this.#session.closed.then(({ message }) => {
      throw new Error(`a client that did nothing wrong lost its session: ${message}`);
    });
    const late = setTimeout(() => this.#session.drop({ by: "client", message: "no echo" }), patienceMs);
    await Promise.race([echoed, gone]).finally(() => clearTimeout(late));
  }

  [Symbol.dispose](): void {
    void this.#session.close();
  }
}

/** Accounts that mutated conversations use. */
export const accounts = ["user0", "user1", "user2", "user3"] as const;

/** What a mutation binds. */
export const resourceOf = (mutation: number): string => `fuzz-${mutation}`;

/** Resolves when the server has one connection, that of a healthy client, and the addresses that others used are free. */
export async function nothingLeft(server: RunningServer, resources: readonly string[]): Promise<void> {
  await hasConnections(server, 1);
  for (const user of accounts) {
    for (const resource of resources) (await connectHealthy(server, speaker(server, user, resource)))[Symbol.dispose]();
  }
  await hasConnections(server, 1);
  if (server.url.startsWith("http")) await hasRoom(server);
}

/** Sessions that nobody has logged in to have no connection that could be seen: they are over if others find room. */
async function hasRoom(server: RunningServer): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  for (;;) {
    using connection = await RawConnection.to(server.url);
    const wires = Array.from({ length: connectionsMax - 1 }, () => new BoshWire(server.url, 1));
    const context = { ...speaker(server, accounts[0], "room"), previousId: "", heard: "" };
    const ask = async (piece: string, of: readonly BoshWire[]): Promise<ReturnType<typeof readResponse>[]> => {
      connection.forget();
      connection.write(Buffer.concat(of.map((wire) => wire.request(wire.body(piece)).bytes)));
      await connection.when(() => responsesIn(connection.heard).responses.length === of.length);
      return responsesIn(connection.heard).responses.map((response) => readResponse(response));
    };
    const created = await ask(login[0]!.xml(context), wires);
    for (const [index, { sid }] of created.entries()) wires[index]!.sid = sid ?? "";
    const given = wires.filter(({ sid }) => sid !== "");
    await ask("</stream:stream>", given);
    if (given.length === wires.length) return;
    if (performance.now() > deadlineMs) throw new Error(`room for ${given.length} sessions of ${wires.length}`);
    await wait(20);
  }
}

async function hasConnections(server: RunningServer, count: number): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  while (server.connections !== count) {
    if (performance.now() > deadlineMs) {
      throw new Error(`${server.connections - count} connections of clients that are gone are left`);
    }
    await wait(5);
  }
}
