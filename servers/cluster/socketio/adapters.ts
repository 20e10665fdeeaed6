/** What carries broadcasts from one Socket.IO node to the others, and its links to Redis. */
import { setTimeout as wait } from "node:timers/promises";
import type { Server } from "socket.io";
import { WirebenchError } from "../../../protocol/errors.ts";

/** Each needs Redis, and goes by the name of the broker that does the same for our own nodes. */
export const adapterNames = ["redis", "redis-streams"] as const;
export type AdapterName = (typeof adapterNames)[number];

/** npm packages, none of which anything else needs. */
export const socketIoLibraries = ["socket.io", "@socket.io/redis-adapter", "@socket.io/redis-streams-adapter"];

export interface AdapterOptions {
  readonly adapter: AdapterName;
  readonly redisUrl: string;
  /** Unique per cluster: its nodes hear each other and nobody else. */
  readonly topic: string;
  readonly node: string;
  /** Hears of every change. */
  readonly onLive: (live: boolean) => void;
}

export interface AdapterLinks {
  readonly live: boolean;
  /** Resolves when what other nodes broadcast from now on will arrive. */
  untilSubscribed(): Promise<void>;
  close(): Promise<void>;
}

const subscribeMsMax = 10_000;
const lookAgainMs = 10;

/**
 * As both adapters' documentation does it: the client reconnects by itself, and its errors are nobody's. Rejects with
 * `connect-failed` where there is no Redis.
 */
export async function useAdapter(
  io: Server,
  { adapter, redisUrl, topic, node, onLive }: AdapterOptions,
): Promise<AdapterLinks> {
  // Optional to install.
  const { createClient } = await import("@redis/client");
  // Redis tells by this name which links of this node subscribe to what; the adapters' own links bear it too.
  const name = `${topic}-${node}`;
  const create = () => createClient({ url: redisUrl, name, disableClientInfo: true, maintNotifications: "disabled" });
  const clients = Array.from({ length: adapter === "redis" ? 2 : 1 }, create);
  let live = false;
  const look = (): void => {
    const isLive = clients.every(({ isReady }) => isReady);
    if (isLive === live) return;
    live = isLive;
    onLive(live);
  };
  for (const client of clients) {
    for (const event of ["error", "reconnecting", "ready", "end"] as const) client.on(event, look);
    await client.connect();
  }
  if (adapter === "redis") {
    const { createAdapter } = await import("@socket.io/redis-adapter");
    io.adapter(createAdapter(clients[0], clients[1], { key: topic }));
  } else {
    const { createAdapter } = await import("@socket.io/redis-streams-adapter");
    io.adapter(
      createAdapter(clients[0], { streamName: topic, channelPrefix: topic, sessionKeyPrefix: `${topic}:session:` }),
    );
  }
  return {
    get live() {
      return live;
    },
    async untilSubscribed() {
      const listens = adapter === "redis" ? / psub=[1-9]/ : / cmd=xread /;
      for (const endMs = performance.now() + subscribeMsMax; performance.now() < endMs; await wait(lookAgainMs)) {
        const links = String(await clients[0]!.sendCommand(["CLIENT", "LIST"])).split("\n");
        if (links.some((link) => link.includes(` name=${name} `) && listens.test(link))) return;
      }
      throw new WirebenchError("connect-failed", `the adapter for ${adapter} of ${node} did not subscribe`);
    },
    async close() {
      for (const client of clients) client.destroy();
    },
  };
}
