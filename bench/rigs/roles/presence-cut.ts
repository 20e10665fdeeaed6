import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { LatencyHistogram } from "../../../load/recording/latency.ts";
import { exchangeClient } from "../../../load/users/built-exchanges.ts";
import { connectClient } from "../../../load/users/connect.ts";
import { nowNs } from "../../../protocol/clock.ts";
import {
  type ClientConnection,
  type ClientKind,
  defaultLimits as limits,
  type Options,
  type ProtocolClient,
} from "../../../protocol/contract.ts";
import { loadClient } from "../../targets/protocol-modules.ts";
import type { Role } from "./role.ts";

export interface CutOrder {
  readonly protocol: string;
  readonly client: ClientKind;
  readonly options: Options;
  readonly url: string;
  readonly subscribers: number;
  /** The user comes and is cut off so often. */
  readonly cuts: number;
  /** Who has not been told after so long, in milliseconds, has not been told. */
  readonly waitMs: number;
  /** Users as the protocol and an echo have them, without any application between them: whatever another hears tells it. */
  readonly isBare?: boolean;
}

/** Delays in nanoseconds from the cut, encoded: of cuts that everybody was told of. */
export interface CutReport {
  readonly firstRecipient: string;
  readonly medianRecipient: string;
  readonly lastRecipient: string;
  readonly owed: number;
  readonly noticed: number;
}

const gone = "gone";
/** For what is no part of what is measured. */
const patienceMs = 20_000;

/** The sockets of one user, whichever library opens them, so that all of them can be destroyed and none is opened again. */
class CutOffUser implements Disposable {
  static readonly #who = new AsyncLocalStorage<CutOffUser>();
  readonly #sockets = new Set<Socket>();
  #isCut = false;
  readonly #onSocket = (message: unknown): void => {
    if (CutOffUser.#who.getStore() !== this) return;
    const { socket } = message as { socket: Socket };
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    if (this.#isCut) socket.destroy();
  };

  constructor() {
    subscribe("net.client.socket", this.#onSocket);
  }

  /** What the user does. */
  does<T>(what: () => T): T {
    return CutOffUser.#who.run(this, what);
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  [Symbol.dispose](): void {
    unsubscribe("net.client.socket", this.#onSocket);
  }
}

/** What the subscribers hear, and how long it takes until all of them have heard a word. */
class Subscribers {
  readonly #connections: ClientConnection[] = [];
  readonly #told = new Set<number>();
  #heard: (subscriber: number, word: string) => void = () => {};

  /** How many heard anything at all since they connected. */
  get everTold(): number {
    return this.#told.size;
  }

  get count(): number {
    return this.#connections.length;
  }

  async connect(client: ProtocolClient, order: CutOrder): Promise<void> {
    for (let user = 1; user <= order.subscribers; user++) {
      const onMessage = (word: unknown): void => {
        this.#told.add(user);
        this.#heard(user, String(word));
      };
      this.#connections.push(await connectClient(client, { ...order, limits, user, onMessage }));
    }
  }

  /** Instants at which subscribers heard the word first, or without one anything, in order; as many as did within `waitMs`. */
  async hear(word: string | undefined, waitMs: number, act: () => void): Promise<number[]> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const atNs = new Map<number, number>();
    this.#heard = (subscriber, heard) => {
      if ((word !== undefined && heard !== word) || atNs.has(subscriber)) return;
      atNs.set(subscriber, nowNs());
      if (atNs.size === this.count) resolve();
    };
    const patience = setTimeout(resolve, waitMs);
    act();
    await promise;
    clearTimeout(patience);
    return [...atNs.values()];
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()));
  }
}

/** A user whose connection ends without a goodbye, again and again: when do its subscribers know? */
export const presenceCut: Role<CutOrder, CutReport> = {
  name: "presence-cut",
  async run(order) {
    const plain = await loadClient(order.protocol, order.client);
    const client = order.isBare ? plain : exchangeClient(plain, "presence");
    const times = [new LatencyHistogram(), new LatencyHistogram(), new LatencyHistogram()] as const;
    const subscribers = new Subscribers();
    let owed = 0;
    let noticed = 0;
    for (let cut = 0; cut < order.cuts; cut++) {
      using user = new CutOffUser();
      const echoed = Promise.withResolvers<void>();
      const onMessage = (): void => echoed.resolve();
      const publisher = await user.does(() => connectClient(client, { ...order, limits, user: 0, onMessage }));
      if (cut === 0) await subscribers.connect(client, order);
      const here = `here ${cut}`;
      const say = (): void => user.does(() => publisher.send(here));
      if (order.isBare) {
        say();
        // It has arrived, so somebody could have passed it on.
        await echoed.promise;
      } else {
        const told = await subscribers.hear(here, patienceMs, say);
        if (told.length < subscribers.count) throw new Error("not all subscribers heard that the user is there");
      }
      let cutNs = 0;
      const atNs = await subscribers.hear(order.isBare ? undefined : gone, order.waitMs, () => {
        cutNs = nowNs();
        user.cut();
      });
      owed += subscribers.count;
      noticed += order.isBare ? subscribers.everTold : atNs.length;
      // Those to come would be waited for as long, and a session that nobody ended is still there.
      if (atNs.length < subscribers.count) break;
      const [first, median, last] = times;
      first.record(atNs[0]! - cutNs);
      median.record(atNs[Math.ceil(atNs.length / 2) - 1]! - cutNs);
      last.record(atNs.at(-1)! - cutNs);
    }
    await subscribers.close();
    const [firstRecipient, medianRecipient, lastRecipient] = times.map((histogram) => histogram.encode());
    return {
      firstRecipient: firstRecipient!,
      medianRecipient: medianRecipient!,
      lastRecipient: lastRecipient!,
      owed,
      noticed,
    };
  },
};
