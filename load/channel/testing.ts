/** What the tests of a crowd share: a room on real sockets that loses, repeats and cuts what the test says. */
import type { TestContext } from "node:test";
import { protocolNamed } from "../../bench/targets/protocols.ts";
import { type Behaviour, defaultLimits, type RunningServer, type ServerConnection } from "../../protocol/contract.ts";
import {
  decodeUserMessage,
  encodeDelivery,
  encodeNodeMessage,
  encodePublication,
  type NodeMessage,
  type UserMessage,
} from "../../protocol/wires/room.ts";
import type { GatherOrder } from "./crowd-api.ts";

type Hello = Extract<UserMessage, { type: "hello" }>;

/** One user's connection as the room sees it. */
export interface Guest {
  readonly connection: ServerConnection;
  /** Users number themselves by the order of their first hello. */
  readonly user: number;
  readonly hello: Hello;
  send(message: NodeMessage): void;
}

/** What a test may decide; absent, the room does as a good node does. */
export interface RoomScript {
  /** Name of the node that welcomes this guest. */
  node?: (guest: Guest) => string;
  /** Does not answer hello. */
  mute?: (hello: Hello) => boolean;
  /** Refuses the connection at hello. */
  refuse?: (hello: Hello) => boolean;
  /** How often a delivery is sent to a guest: 0 loses it, 2 repeats it. */
  copies?: (guest: Guest, publisher: number, sequence: number) => number;
  /** Undefined: no answer. */
  answer?: (guest: Guest, sequence: number) => "accepted" | "rejected" | undefined;
  /** Keeps a history: users that resume get what they missed. */
  history?: boolean;
  /** Forgets sessions as soon as a connection ends. */
  forgetful?: boolean;
}

/** A room with sessions, behind a real WebSocket server. */
export class ScriptedRoom {
  readonly guests = new Set<Guest>();
  readonly hellos: Hello[] = [];
  readonly script: RoomScript;
  readonly #sessions = new Map<string, { user: number; steps: number }>();
  readonly #history: string[] = [];
  readonly #waiting = new Set<() => void>();
  #server: RunningServer | undefined;

  constructor(script: RoomScript = {}) {
    this.script = script;
  }

  /** Listens until the test ends, or `close`; on the same port again if it did before. */
  async open(t: TestContext): Promise<string> {
    const port = this.#server === undefined ? 0 : Number(new URL(this.#server.url).port);
    const { server } = protocolNamed("websocket");
    this.#server = await server.listen({ host: "127.0.0.1", port, limits: defaultLimits, behaviour: this.#behaviour });
    t.after(() => this.close());
    return this.#server.url;
  }

  /** Drops every connection without a word. */
  async close(): Promise<void> {
    await this.#server?.close();
  }

  /** The user's guest now. */
  guest(user: number): Guest {
    const guest = [...this.guests].find((one) => one.user === user);
    if (guest === undefined) throw new Error(`user ${user} is not here`);
    return guest;
  }

  /** Resolves as soon as `condition` holds; it is asked whenever something reached the room. */
  async until(condition: () => boolean): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  readonly #behaviour: Behaviour = (connection) => {
    let guest: Guest | undefined;
    return {
      message: (payload) => {
        const message = decodeUserMessage(payload);
        if (message?.type === "hello") guest = this.#greet(connection, message);
        else if (guest !== undefined && message?.type === "step") this.#step(guest, message.request);
        else if (guest !== undefined && message?.type === "publish") this.#publish(guest, message);
        this.#look();
      },
      closed: () => {
        if (guest !== undefined) this.guests.delete(guest);
        this.#look();
      },
    };
  };

  #greet(connection: ServerConnection, hello: Hello): Guest | undefined {
    this.hellos.push(hello);
    const { script } = this;
    if (script.refuse?.(hello)) connection.close();
    if (script.refuse?.(hello) || script.mute?.(hello)) return undefined;
    const known = hello.session === undefined ? undefined : this.#sessions.get(hello.session);
    const found = known !== undefined && script.forgetful !== true;
    const session = hello.session ?? `session-${this.#sessions.size}`;
    const state = found ? known : { user: known?.user ?? this.#sessions.size, steps: 0 };
    this.#sessions.set(session, state);
    const send = (message: NodeMessage): void => connection.send(encodeNodeMessage(message));
    const guest: Guest = { connection, user: state.user, hello, send };
    const recovered = hello.resume ? { recovered: script.history ? ("all" as const) : ("gap" as const) } : {};
    const position = script.history ? { position: hello.after ?? String(this.#history.length) } : {};
    send({ type: "welcome", node: this.#nodeOf(guest), session, found, steps: state.steps, ...recovered, ...position });
    if (recovered.recovered === "all") {
      for (let at = Number(hello.after); at < this.#history.length; at++) {
        connection.send(encodeDelivery(this.#history[at]!, String(at + 1)));
      }
    }
    this.guests.add(guest);
    return guest;
  }

  #step(guest: Guest, request: number): void {
    const state = [...this.#sessions.values()].find(({ user }) => user === guest.user)!;
    state.steps++;
    guest.send({ type: "stepped", request, node: this.#nodeOf(guest), found: true, steps: state.steps });
  }

  #publish(from: Guest, { message }: Extract<UserMessage, { type: "publish" }>): void {
    const publication = encodePublication({ from: this.#nodeOf(from), message });
    this.#history.push(publication);
    const position = this.script.history ? String(this.#history.length) : undefined;
    for (const guest of this.guests) {
      const copies = this.script.copies?.(guest, message.publisher, message.sequence) ?? 1;
      for (let copy = 0; copy < copies; copy++) guest.connection.send(encodeDelivery(publication, position));
    }
    const answer = this.script.answer === undefined ? "accepted" : this.script.answer(from, message.sequence);
    if (answer === "accepted") from.send({ type: "accepted", sequence: message.sequence });
    if (answer === "rejected") from.send({ type: "rejected", sequence: message.sequence, reason: "as the test says" });
  }

  #nodeOf(guest: Guest): string {
    return this.script.node?.(guest) ?? "node-1";
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }
}

export const gatherOrder = (url: string, changes: Partial<GatherOrder> = {}): GatherOrder => ({
  protocol: "websocket",
  url,
  users: 4,
  cookies: "ignored",
  resume: false,
  backoff: { kind: "fixed", delayMs: 5 },
  seed: 1,
  limits: defaultLimits,
  payloadBytes: 300,
  pollIntervalMs: 10,
  concurrent: 32,
  ...changes,
});
