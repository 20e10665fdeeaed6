/** A node of the usual kind: a Socket.IO server whose adapter carries broadcasts to the others through Redis. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Socket } from "socket.io";
import type { Payload, ServerConnection } from "../../../protocol/contract.ts";
import { messageEvent, socketIoPath } from "../../../protocol/wires/socketio.ts";
import type { BrokerStatus } from "../broker/broker.ts";
import { ChannelUser } from "../node/channel-user.ts";
import { type ClusterNode, type NodeOptions, startNode } from "../node/lifecycle.ts";
import { bound } from "../node/readiness.ts";
import { type AdapterLinks, type AdapterOptions, useAdapter } from "./adapters.ts";
import { SocketIoChannel } from "./channel.ts";

export interface SocketIoNodeOptions extends NodeOptions {
  /** `none`: the node keeps to itself. */
  readonly adapter: AdapterOptions["adapter"] | "none";
  readonly redisUrl: string;
  /** Unique per cluster: its nodes hear each other and nobody else. */
  readonly topic: string;
  /** Hears of every change after the first. */
  readonly onBrokerStatus?: (status: BrokerStatus) => void;
}

/** How long a user who was cut off may come back to what it missed: as in the documentation. Only Redis Streams can. */
const recoveryMs = 120_000;

/**
 * Listens when its adapter hears the others. Speaks to users as our own node does (`protocol/wires/channel.ts`), over
 * Socket.IO: what a user says is answered by its acknowledgement, and deliveries go out through `io.emit`.
 */
export function startSocketIoNode(options: SocketIoNodeOptions): Promise<ClusterNode> {
  const { node, sessions, host, port, limits, adapter, redisUrl, topic } = options;
  return startNode(options, adapter, async (opened) => {
    // Optional to install.
    const { Server } = await import("socket.io");
    const http = createServer();
    const io = new Server(http, {
      // Long polling needs a load balancer that brings every request of a session to the node that has it.
      transports: ["websocket"],
      serveClient: false,
      maxHttpBufferSize: limits.payloadBytesMax,
      ...(adapter === "redis-streams" && {
        connectionStateRecovery: { maxDisconnectionDuration: recoveryMs, skipMiddlewares: true },
      }),
    });
    let links: AdapterLinks | undefined;
    const channel = new SocketIoChannel({
      node,
      sessions,
      brokerLive: () => links?.live ?? adapter === "none",
      emit: (delivery) => void io.emit(messageEvent, delivery),
    });
    if (adapter !== "none") {
      const onLive = (live: boolean): void => {
        // The first time is the beginning.
        if (links === undefined) return;
        const status = live ? "live-after-gap" : "lost";
        channel.custody.brokerIs(status);
        options.onBrokerStatus?.(status);
      };
      links = await useAdapter(io, { adapter, redisUrl, topic, node, onLive });
      opened(links);
    }
    opened({ close: () => io.close() });
    io.on("connection", (socket) => serve(socket, channel, limits.queueBytesMax));
    await links?.untilSubscribed();
    const listening = once(http.listen(port, host), "listening");
    await bound(node, host, port, listening);
    return { channel, url: `ws://${host}:${(http.address() as AddressInfo).port}${socketIoPath}` };
  });
}

function serve(socket: Socket, channel: SocketIoChannel, queueBytesMax: number): void {
  const connection = new SocketIoConnection(socket);
  const user = new ChannelUser(channel.of(socket), connection, queueBytesMax);
  channel.came(user);
  socket.on(messageEvent, (text: unknown, acknowledge: unknown) => {
    if (typeof acknowledge === "function") connection.answers.push(acknowledge as (text: string) => void);
    user.message(typeof text === "string" ? text : new Uint8Array());
  });
  // Of what goes to everybody too. Answers are no events.
  socket.onAnyOutgoing((_event: string, delivery: string) => channel.handing(delivery));
  socket.on("disconnect", () => user.closed());
}

class SocketIoConnection implements ServerConnection {
  /** To what the user has said and waits for, oldest first. */
  readonly answers: ((text: string) => void)[] = [];
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** All that a node says to one user is an answer, but that it is to move. */
  send(payload: Payload): void {
    const answer = this.answers.shift();
    if (answer === undefined) this.#socket.emit(messageEvent, payload);
    else answer(payload as string);
  }

  close(): void {
    this.#socket.disconnect(true);
  }
}
