/** Users who arrive, talk and leave: each on a connection of its own, or several on one. */
import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
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
  /** The first user does not read for so long, so long after the start. Absent: everybody reads. */
  readonly pause?: { readonly afterMs: number; readonly forMs: number };
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
  /** When the first user stopped reading and when it went on. Absent: it never stopped. */
  readonly pause?: { readonly fromNs: number; readonly toNs: number };
  /** Above TCP, both ways, while this was done. */
  readonly wireBytes: number;
}

/** The sockets of one connection: two of HTTP/1.1, or none where it is a stream of somebody else's. */
class Sockets {
  static readonly #whose = new AsyncLocalStorage<Sockets>();
  readonly #open = new Set<Socket>();

  static {
    subscribe("net.client.socket", (message) => {
      const { socket } = message as { socket: Socket };
      const own = Sockets.#whose.getStore();
      if (own === undefined) return;
      own.#open.add(socket);
      socket.once("close", () => own.#open.delete(socket));
    });
  }

  opens<T>(what: () => T): T {
    return Sockets.#whose.run(this, what);
  }

  /** At the handle: whoever reads the socket, as a stream or past it, cannot tell this from a peer that is silent. */
  reads(on: boolean): void {
    for (const socket of this.#open) {
      const { _handle } = socket as unknown as { _handle?: { readStart(): void; readStop(): void } };
      if (on) _handle?.readStart();
      else _handle?.readStop();
    }
  }
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
  readonly #sockets = new Map<number, Sockets>();
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

  /**
   * Whether the first user reads. A stream stops alone, and so does a connection of its own; who shares one with nothing but
   * a number in each message cannot stop without the others, unless somebody keeps what comes for it.
   */
  reads(on: boolean): void {
    const [connection] = this.#connections;
    if (this.#order.seating === "streams") connection!.reads!(on);
    else this.#sockets.get(0)!.reads(on);
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
    const sockets = new Sockets();
    this.#sockets.set(user, sockets);
    const connection = await sockets.opens(() =>
      connectClient(this.#client, {
        url: urls[seating === "own" ? user : first]!,
        options,
        limits,
        user,
        ...(seating === "streams" && { sharedBy }),
        onMessage: (payload) => this.#hear(user, String(payload)),
      }),
    );
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
    let drained: ReturnType<typeof globalThis.setTimeout> | undefined;
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
        else drained = globalThis.setTimeout(finish, drainMs);
      },
    );
  });
}

async function pauseFirst(group: Group, { startNs, pause }: TalkOrder): Promise<MultiplexReport["pause"]> {
  if (pause === undefined) return undefined;
  await setTimeout((startNs - nowNs()) / 1e6 + pause.afterMs);
  group.reads(false);
  const fromNs = nowNs();
  await setTimeout(pause.forMs);
  const toNs = nowNs();
  group.reads(true);
  return { fromNs, toNs };
}

export const multiplex: Role<MultiplexOrder, MultiplexReport> = {
  name: "multiplex",
  async run(order) {
    const before = counter.read();
    let firstEchoNs: number[] = [];
    let messages: Sent[] = [];
    let pause: MultiplexReport["pause"];
    if (order.does === "arrive") {
      wakeMetronome();
      for (const url of order.urls) learnSecrets(url);
      const group = new Group(order, await loadClient(order.protocol, "library"));
      groups.push(group);
      firstEchoNs = await group.arrive();
    } else if (order.does === "talk") {
      const group = groups.at(-1)!;
      [messages, pause] = await Promise.all([talk(group, order), pauseFirst(group, order)]);
    } else await Promise.all(groups.splice(0).map((group) => group.leave()));
    const { sent, received } = counter.read();
    return {
      firstEchoNs,
      messages,
      ...(pause && { pause }),
      wireBytes: sent + received - before.sent - before.received,
    };
  },
};
