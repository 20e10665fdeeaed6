/** Users who arrive, talk and leave: each on a connection of its own, or several on one. */
import { WireByteCounter } from "../../../load/metering/wire-bytes.ts";
import { realTimeline, wakeMetronome } from "../../../load/pacing/metronome.ts";
import { pace } from "../../../load/pacing/pacer.ts";
import { connectClient } from "../../../load/users/connect.ts";
import { nowNs } from "../../../protocol/clock.ts";
import {
  type ClientConnection,
  defaultLimits as limits,
  type Options,
  type ProtocolClient,
  type SharedConnection,
} from "../../../protocol/contract.ts";
import { learnSecrets } from "../../../protocol/secrets.ts";
import { loadClient } from "../../targets/protocol-modules.ts";
import type { Role } from "./role.ts";

/**
 * Where the users of a group are: each on a connection of its own; all on one, the application writing before each message
 * whose it is; or as streams of one, which the protocol keeps apart.
 */
export type Seating = "own" | "tagged" | "streams";

export interface ArriveOrder {
  readonly does: "arrive";
  readonly protocol: string;
  readonly options: Options;
  /** Of each user; of those who share a connection, the first one's counts. */
  readonly urls: readonly string[];
  readonly seating: Seating;
  /** Who share a connection, where several do. */
  readonly usersPerConnection: number;
  /** Whether the next one waits until this one's first message is back; else all come at once. */
  readonly inTurn: boolean;
  readonly payloadBytes: number;
}

export interface TalkOrder {
  readonly does: "talk";
  /** Of this host's monotonic clock. */
  readonly startNs: number;
  readonly durationMs: number;
  /** All users together, who send in turn. */
  readonly ratePerSecond: number;
  /** Longest wait for what is still on the way. */
  readonly drainMs: number;
}

export type MultiplexOrder = ArriveOrder | TalkOrder | { readonly does: "leave" };

/** One message and its echo; instants of this host's monotonic clock. */
export interface Sent {
  readonly user: number;
  readonly dueNs: number;
  readonly sentNs: number;
  /** Absent: it never came. */
  receivedNs?: number;
}

export interface MultiplexReport {
  /** How long each user that arrived waited for the echo of its first message. */
  readonly firstEchoNs: readonly number[];
  readonly messages: readonly Sent[];
  /** Above TCP, both ways, while this was done. */
  readonly wireBytes: number;
}

/** Before each message of a shared connection: whose it is. */
const tagLength = 5;
const sequenceLength = 8;

class Group {
  readonly #order: ArriveOrder;
  readonly #client: ProtocolClient;
  readonly #filler: string;
  /** By user. */
  readonly #connections: ClientConnection[] = [];
  readonly #carriers = new Map<number, SharedConnection>();
  readonly #awaited = new Map<string, () => void>();
  #sequence = 0;

  constructor(order: ArriveOrder, client: ProtocolClient) {
    this.#order = order;
    this.#client = client;
    this.#filler = "x".repeat(Math.max(0, order.payloadBytes - sequenceLength));
  }

  get users(): number {
    return this.#order.urls.length;
  }

  async arrive(): Promise<number[]> {
    const { urls, inTurn } = this.#order;
    const one = async (user: number): Promise<number> => {
      const startNs = nowNs();
      await this.#seat(user);
      await new Promise<void>((resolve) => this.send(user, resolve));
      return nowNs() - startNs;
    };
    if (!inTurn) return await Promise.all(urls.map((_, user) => one(user)));
    const firstEchoNs: number[] = [];
    for (const user of urls.keys()) firstEchoNs.push(await one(user));
    return firstEchoNs;
  }

  /** `echoed` is called in the turn in which the echo came. */
  send(user: number, echoed: () => void): void {
    const text = String(this.#sequence++).padStart(sequenceLength, "0") + this.#filler;
    const said = this.#order.seating === "tagged" ? `${String(user).padStart(tagLength - 1, "0")} ${text}` : text;
    this.#awaited.set(`${user} ${text.slice(0, sequenceLength)}`, echoed);
    this.#connections[user]!.send(said);
  }

  async leave(): Promise<void> {
    await Promise.all([...new Set(this.#connections)].map((connection) => connection.close()));
  }

  /** Gives the user a connection, or a place on one. */
  async #seat(user: number): Promise<void> {
    const { seating, usersPerConnection } = this.#order;
    const first = user - (user % usersPerConnection);
    if (seating === "tagged" && user > first) {
      await this.#opening.get(first);
      this.#connections[user] = this.#connections[first]!;
      return;
    }
    const opening = this.#open(user, first);
    this.#opening.set(user, opening);
    this.#connections[user] = await opening;
  }

  readonly #opening = new Map<number, Promise<ClientConnection>>();

  async #open(user: number, first: number): Promise<ClientConnection> {
    const { urls, options, seating } = this.#order;
    const sharedBy = this.#carriers.get(first) ?? {};
    this.#carriers.set(first, sharedBy);
    const connection = await connectClient(this.#client, {
      url: urls[seating === "own" ? user : first]!,
      options,
      limits,
      user,
      ...(seating === "streams" && { sharedBy }),
      onMessage: (payload) => this.#hear(user, String(payload)),
    });
    // Whoever waits for an echo is told by the end of this process.
    void connection.closed.then(({ by, message }) => {
      if (by === "client") return;
      process.stderr.write(`Error: user ${user} was cut off: ${message}\n`, () => process.exit(1));
    });
    return connection;
  }

  #hear(connection: number, said: string): void {
    const isTagged = this.#order.seating === "tagged";
    const user = isTagged ? Number(said.slice(0, tagLength)) : connection;
    const start = isTagged ? tagLength : 0;
    const key = `${user} ${said.slice(start, start + sequenceLength)}`;
    const echoed = this.#awaited.get(key);
    this.#awaited.delete(key);
    echoed?.();
  }
}

const groups: Group[] = [];
const counter = new WireByteCounter();

function talk(group: Group, order: TalkOrder): Promise<Sent[]> {
  const { startNs, durationMs, ratePerSecond, drainMs } = order;
  const messages: Sent[] = [];
  let missing = 0;
  let isOver = false;
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(drained);
      resolve(messages);
    };
    let drained: NodeJS.Timeout | undefined;
    pace(
      realTimeline,
      { startNs, endNs: startNs + durationMs * 1e6, ratePerSecond, arrivals: "constant", seed: 0 },
      (index, dueNs) => {
        const message: Sent = { user: index % group.users, dueNs, sentNs: nowNs() };
        messages.push(message);
        missing++;
        group.send(message.user, () => {
          message.receivedNs = nowNs();
          missing--;
          if (isOver && missing === 0) finish();
        });
      },
      () => {
        isOver = true;
        if (missing === 0) finish();
        else drained = setTimeout(finish, drainMs);
      },
    );
  });
}

export const multiplex: Role<MultiplexOrder, MultiplexReport> = {
  name: "multiplex",
  async run(order) {
    const before = counter.read();
    let firstEchoNs: number[] = [];
    let messages: Sent[] = [];
    if (order.does === "arrive") {
      wakeMetronome();
      for (const url of order.urls) learnSecrets(url);
      const group = new Group(order, await loadClient(order.protocol, "library"));
      groups.push(group);
      firstEchoNs = await group.arrive();
    } else if (order.does === "talk") messages = await talk(groups.at(-1)!, order);
    else await Promise.all(groups.splice(0).map((group) => group.leave()));
    const { sent, received } = counter.read();
    return { firstEchoNs, messages, wireBytes: sent + received - before.sent - before.received };
  },
};
