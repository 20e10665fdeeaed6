/** The broker of our own: what the others are compared with, and what runs where none of them is installed. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { WirebenchError } from "../../../protocol/errors.ts";
import type { Broker, BrokerMessage } from "../broker/broker.ts";
import { BrokerLink } from "../broker/link.ts";
import type { OpenSession, Session } from "../broker/session.ts";
import { type HubAnswer, type HubRequest, readJson, writeJson } from "../memory-hub/wire.ts";

export const memoryBroker: Broker = {
  traits: {
    name: "memory",
    title: "Memory",
    summary: "a process of wirebench that keeps messages in memory and hands them to every node",
    delivery: "at-most-once",
    history: true,
    order: "total",
    durability: { fsync: "never", replicas: 1, acknowledgedBy: 1 },
    libraries: [],
  },
  connect: (options) => BrokerLink.connect("the memory broker", options, open),
};

const open: OpenSession = async (context) => {
  const { hostname, port } = new URL(context.url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true, signal: context.signal });
  // Aborting is for opening only; `once` reports the first error, this keeps later ones from being thrown.
  socket.on("error", () => {});
  await once(socket, "connect");
  const hub = new HubConnection(socket, (message) => context.deliver(message));
  socket.once("close", () => context.lost());
  const { topic } = context;
  const after = context.after === undefined ? {} : { after: context.after };
  const answer = await hub.ask((id) => ({ id, type: "subscribe", topic, ...after }));
  if (answer.type !== "subscribed") throw new WirebenchError("connect-failed", "it has too many topics");
  return {
    position: answer.position,
    gap: answer.gap,
    async publish(text) {
      const { type } = await hub.ask((id) => ({ id, type: "publish", topic, text }));
      if (type !== "done") throw new WirebenchError("queue-full", "the memory broker has too many topics");
    },
    replay: (position) => hub.replay((id) => ({ id, type: "replay", topic, after: position })),
    async check() {
      await hub.ask((id) => ({ id, type: "check" }));
    },
    async end() {
      socket.destroy();
    },
  } satisfies Session;
};

type Ended = Exclude<HubAnswer, { type: "message" }>;

/** Requests and their answers, and the messages between them. */
class HubConnection {
  readonly #socket: Socket;
  readonly #asked = new Map<number, { resolve(answer: Ended): void; reject(error: Error): void }>();
  readonly #replayed = new Map<number, BrokerMessage[]>();
  #nextId = 0;

  constructor(socket: Socket, deliver: (message: BrokerMessage) => void) {
    this.#socket = socket;
    readJson(socket, (value) => {
      // The hub is ours, so its answers are what their type says.
      const answer = value as unknown as HubAnswer;
      if (answer.type !== "message") {
        this.#asked.get(answer.id)?.resolve(answer);
        this.#asked.delete(answer.id);
      } else if (answer.of === undefined) deliver(answer.message);
      else this.#replayed.get(answer.of)?.push(answer.message);
    });
    socket.once("close", () => {
      for (const { reject } of this.#asked.values()) reject(new WirebenchError("closed", "the connection ended"));
      this.#asked.clear();
    });
  }

  ask(request: (id: number) => HubRequest): Promise<Ended> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(new WirebenchError("closed", "the connection ended"));
        return;
      }
      this.#asked.set(id, { resolve, reject });
      writeJson(this.#socket, request(id));
    });
  }

  async replay(request: (id: number) => HubRequest): Promise<readonly BrokerMessage[] | undefined> {
    const messages: BrokerMessage[] = [];
    const id = this.#nextId;
    this.#replayed.set(id, messages);
    try {
      return (await this.ask(request)).type === "done" ? messages : undefined;
    } finally {
      this.#replayed.delete(id);
    }
  }
}
