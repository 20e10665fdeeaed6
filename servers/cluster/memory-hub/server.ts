/** The memory broker as a server of its own on loopback, so that the nodes, which are processes, reach it. */
import { createServer, type Socket } from "node:net";
import { closeServer, listenOn, trackSockets } from "../../connection/listening.ts";
import type { BrokerMessage } from "../broker/broker.ts";
import { MemoryHub, type Subscription } from "./hub.ts";
import { type HubAnswer, readJson, writeJson } from "./wire.ts";

/** What a node that does not read may leave unread before it is cut off; it then reads on from its position. */
const queueBytesMax = 64 * 1024 * 1024;
const connectionsMax = 1000;

export interface MemoryHubServer {
  /** `memory://host:port` */
  readonly url: string;
  /** Drops every connection and everything it knows. Idempotent. */
  close(): Promise<void>;
}

/** Port 0 takes a free one. Rejects with the cause if the port cannot be bound. */
export async function listenMemoryHub(port = 0): Promise<MemoryHubServer> {
  const hub = new MemoryHub();
  const server = createServer({ noDelay: true }, (socket) => serve(hub, socket));
  server.maxConnections = connectionsMax;
  const sockets = trackSockets(server);
  const authority = await listenOn(server, "127.0.0.1", port);
  return { url: `memory://${authority}`, close: () => closeServer(server, sockets) };
}

function serve(hub: MemoryHub, socket: Socket): void {
  let subscription: Subscription | undefined;
  const answer = (value: HubAnswer): void => {
    if (socket.destroyed) return;
    if (socket.writableLength > queueBytesMax) socket.destroy();
    else writeJson(socket, value);
  };
  socket.on("error", () => {});
  socket.on("close", () => subscription?.end());
  readJson(socket, ({ id, type, topic, text, after }) => {
    if (typeof id !== "number" || (type !== "check" && typeof topic !== "string")) {
      socket.destroy();
    } else if (type === "check") {
      answer({ type: "done", id });
    } else if (type === "publish" && typeof text === "string") {
      answer({ type: hub.publish(topic as string, text) ? "done" : "refused", id });
    } else if (type === "replay" && typeof after === "string") {
      const messages = hub.replay(topic as string, after);
      for (const message of messages ?? []) answer({ type: "message", of: id, message });
      answer({ type: messages === undefined ? "refused" : "done", id });
    } else if (type === "subscribe" && subscription === undefined) {
      const asked = typeof after === "string" ? after : undefined;
      const missed: BrokerMessage[] = [];
      let deliver = (message: BrokerMessage): unknown => missed.push(message);
      subscription = hub.subscribe(topic as string, asked, (message) => deliver(message));
      if (subscription === undefined) {
        answer({ type: "refused", id });
        return;
      }
      const { position, gap } = subscription;
      answer({ type: "subscribed", id, position, gap });
      deliver = (message) => answer({ type: "message", message });
      missed.forEach(deliver);
    } else {
      socket.destroy();
    }
  });
}
