/** Users who listen, are cut off and come back: what each heard, and when. One process plays all steps of a trial. */
import { updateWords } from "../../../load/behaviours/updates.ts";
import { connectClient } from "../../../load/users/connect.ts";
import { nowNs } from "../../../protocol/clock.ts";
import {
  type ClientConnection,
  defaultLimits as limits,
  type Options,
  type Payload,
  type ProtocolClient,
} from "../../../protocol/contract.ts";
import { WirebenchError } from "../../../protocol/errors.ts";
import { learnSecrets } from "../../../protocol/secrets.ts";
import { loadClient } from "../../targets/protocol-modules.ts";
import type { Role } from "./role.ts";

export interface ListenOrder {
  readonly step: "listen";
  readonly url: string;
  readonly protocol: string;
  readonly options: Options;
  readonly users: number;
  /** Who carries the position of a user who comes back. */
  readonly resumedBy: "nothing" | "protocol" | "application";
  /** Before each attempt to come back, unless the server says another. */
  readonly retryMs: number;
}

/** Steps of a trial, in order; each resolves when all users are that far, or its patience is over. */
export type ResumeOrder =
  /** Connected, and heard where they are. */
  | ListenOrder
  /** Has an update that came after this instant. */
  | { readonly step: "hear"; readonly sinceNs: number; readonly patienceMs: number }
  /** Has the last update; then everybody leaves. */
  | { readonly step: "leave"; readonly last: number; readonly patienceMs: number };

/** What a user saw. */
export interface UserLog {
  /** The last update there was when it came: it is owed all that follow. */
  from: number;
  /** Numbers that the server gave its connections. */
  readonly connections: number[];
  /** Updates as they came, with the instant. */
  readonly arrivals: (readonly [update: number, atNs: number])[];
  /** Attempts to come back, those that failed included. */
  attempts: number;
}

const openingMs = 20_000;
/** For an attempt that nobody answers. */
const handshakeMs = 5000;

class User {
  readonly log: UserLog = { from: 0, connections: [], arrivals: [], attempts: 0 };
  readonly #client: ProtocolClient;
  readonly #order: ListenOrder;
  readonly #number: number;
  readonly #heard: () => void;
  #connection: ClientConnection | undefined;
  #latest = 0;
  #retry: NodeJS.Timeout | undefined;
  #hasLeft = false;

  constructor(client: ProtocolClient, order: ListenOrder, number: number, heard: () => void) {
    this.#client = client;
    this.#order = order;
    this.#number = number;
    this.#heard = heard;
  }

  get hasCome(): boolean {
    return this.log.connections.length > 0;
  }

  hasHeardSince(ns: number): boolean {
    return (this.log.arrivals.at(-1)?.[1] ?? 0) > ns;
  }

  get latest(): number {
    return this.#latest;
  }

  async connect(): Promise<void> {
    const { url, options, resumedBy, retryMs } = this.#order;
    const connection = await connectClient(this.#client, {
      url,
      options,
      limits: { ...limits, handshakeMs },
      user: this.#number,
      ...(resumedBy === "protocol" && { resumption: { of: this.#connection, retryMs } }),
      onMessage: (payload) => this.#take(payload),
    });
    this.#connection = connection;
    void connection.closed.then(() => this.#comeBackLater());
    if (resumedBy !== "application") return;
    try {
      connection.send(`${updateWords.after}${this.hasCome ? this.#latest : ""}`);
    } catch (error) {
      // It was cut off again.
      if (!(error instanceof WirebenchError)) throw error;
    }
  }

  async leave(): Promise<void> {
    this.#hasLeft = true;
    clearTimeout(this.#retry);
    await this.#connection?.close();
  }

  #comeBackLater(): void {
    if (this.#hasLeft) return;
    this.#retry = setTimeout(() => {
      this.log.attempts++;
      this.connect().catch(() => this.#comeBackLater());
    }, this.#connection?.retryMs ?? this.#order.retryMs);
  }

  #take(payload: Payload): void {
    const text = String(payload);
    if (text.startsWith(updateWords.hello)) {
      const [number, latest] = text.slice(updateWords.hello.length).split(" ").map(Number) as [number, number];
      if (!this.hasCome) {
        this.log.from = latest;
        this.#latest = latest;
      }
      this.log.connections.push(number);
    } else {
      const update = Number.parseInt(text, 10);
      this.log.arrivals.push([update, nowNs()]);
      this.#latest = Math.max(this.#latest, update);
    }
    this.#heard();
  }
}

export class Audience {
  readonly #users: readonly User[];
  #heard: () => void = () => {};

  constructor(client: ProtocolClient, order: ListenOrder) {
    this.#users = Array.from(
      { length: order.users },
      (_, number) => new User(client, order, number, () => this.#heard()),
    );
  }

  /** One after the other, as a first login may take its time. */
  async listen(): Promise<void> {
    for (const user of this.#users) await user.connect();
    if (!(await this.#until(openingMs, ({ hasCome }) => hasCome))) {
      throw new WirebenchError("aborted", "not every user was told where it is");
    }
  }

  hear(sinceNs: number, patienceMs: number): Promise<boolean> {
    return this.#until(patienceMs, (user) => user.hasHeardSince(sinceNs));
  }

  async leave(last: number, patienceMs: number): Promise<void> {
    await this.#until(patienceMs, ({ latest }) => latest >= last);
    await Promise.all(this.#users.map((user) => user.leave()));
  }

  get logs(): UserLog[] {
    return this.#users.map(({ log }) => log);
  }

  /** Whether it came to be true of all users in time. */
  async #until(patienceMs: number, isSo: (user: User) => boolean): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const all = (): boolean => this.#users.every(isSo);
    if (all()) return true;
    const patience = setTimeout(resolve, patienceMs);
    this.#heard = () => {
      if (all()) resolve();
    };
    await promise;
    clearTimeout(patience);
    this.#heard = () => {};
    return all();
  }
}

let audience: Audience | undefined;

export const resume: Role<ResumeOrder, readonly UserLog[]> = {
  name: "resume",
  async run(order) {
    if (order.step === "listen") {
      learnSecrets(order.url);
      audience = new Audience(await loadClient(order.protocol, "library"), order);
      await audience.listen();
    } else if (order.step === "hear") await audience!.hear(order.sinceNs, order.patienceMs);
    else await audience!.leave(order.last, order.patienceMs);
    return order.step === "leave" ? audience!.logs : [];
  },
};
