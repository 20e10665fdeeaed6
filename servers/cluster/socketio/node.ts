/** A node of the usual kind: a Socket.IO server whose adapter carries broadcasts to the others through Redis. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export const adapterNames = ["redis", "redis-streams"] as const;
export type AdapterName = (typeof adapterNames)[number];

export interface SocketIoNodeOptions {
  readonly adapter: AdapterName;
  readonly redisUrl: string;
  /** Loopback; 0 takes a free one. */
  readonly port: number;
  /** Unique per cluster: its nodes hear each other and nobody else. */
  readonly topic: string;
  /** How long a user who was cut off may come back to what it missed; only Redis Streams can. */
  readonly recoveryMs?: number;
}

/** Ends with its process. What users say and hear: `publish` with a message, acknowledged when it was handed on; `message` with one of anybody's. */
export async function startSocketIoNode({
  adapter,
  redisUrl,
  port,
  topic,
  recoveryMs,
}: SocketIoNodeOptions): Promise<{ readonly port: number }> {
  const [{ Server }, { createClient }] = await Promise.all([import("socket.io"), import("@redis/client")]);
  // As both adapters' documentation does it: the library reconnects by itself, and its errors are nobody's.
  const connected = async () =>
    await createClient({ url: redisUrl })
      .on("error", () => {})
      .connect();
  const clients = [await connected()];
  const http = createServer();
  const io = new Server(http, {
    // Long polling needs a load balancer that brings every request of a session to the node that has it.
    transports: ["websocket"],
    serveClient: false,
    ...(recoveryMs !== undefined && { connectionStateRecovery: { maxDisconnectionDuration: recoveryMs } }),
  });
  if (adapter === "redis") {
    const { createAdapter } = await import("@socket.io/redis-adapter");
    clients.push(await connected());
    io.adapter(createAdapter(clients[0], clients[1], { key: topic }));
  } else {
    const { createAdapter } = await import("@socket.io/redis-streams-adapter");
    io.adapter(
      createAdapter(clients[0], { streamName: topic, channelPrefix: topic, sessionKeyPrefix: `${topic}:session:` }),
    );
  }
  io.on("connection", (socket) => {
    socket.on("publish", (message: unknown, acknowledge?: () => void) => {
      // Neither adapter tells whether Redis has it.
      io.emit("message", message);
      acknowledge?.();
    });
  });
  http.listen(port, "127.0.0.1");
  await once(http, "listening");
  return { port: (http.address() as AddressInfo).port };
}
