/** What the tests of the users share: a channel on real sockets that loses, repeats and cuts what the test says. */
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
} from "../../protocol/wires/channel.ts";
import type { ConnectOrder } from "./channel-users-api.ts";

type Hello = Extract<UserMessage, { type: "hello" }>;

/** One user's connection as the channel sees it. */
export interface Member {
  readonly connection: ServerConnection;
  /** Users number themselves by the order of their first hello. */
  readonly user: number;
  readonly hello: Hello;
  send(message: NodeMessage): void;
}

/** What a test may decide; absent, the channel does as a good node does. */
export interface ChannelScript {
  /** Name of the node that welcomes this member. */
  node?: (member: Member) => string;
  /** Does not answer hello. */
  mute?: (hello: Hello) => boolean;
  /** Refuses the connection at hello. */
  refuse?: (hello: Hello) => boolean;
  /** How often a delivery is sent to a member: 0 loses it, 2 repeats it. */
  copies?: (member: Member, publisher: number, sequence: number) => number;
  /** What a member gets instead of a delivery's text. */
  damage?: (member: Member, text: string, sequence: number) => string;
  /** Undefined: no answer. */
  answer?: (member: Member, sequence: number) => "accepted" | "rejected" | undefined;
  /** Keeps a history: users that resume get what they missed. */
  history?: boolean;
  /** Forgets sessions as soon as a connection ends. */
  forgetful?: boolean;
}

/** A channel with sessions, behind a real WebSocket server. */
export class ScriptedChannel {
  readonly members = new Set<Member>();
  readonly hellos: Hello[] = [];
  readonly script: ChannelScript;
  readonly #sessions = new Map<string, { user: number; steps: number }>();
  readonly #history: string[] = [];
  readonly #waiting = new Set<() => void>();
  #server: RunningServer | undefined;

  constructor(script: ChannelScript = {}) {
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

  /** The user's member now. */
  member(user: number): Member {
    const member = [...this.members].find((one) => one.user === user);
    if (member === undefined) throw new Error(`user ${user} is not here`);
    return member;
  }

  /** Resolves as soon as `condition` holds; it is asked whenever something reached the channel. */
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
    let member: Member | undefined;
    return {
      message: (payload) => {
        const message = decodeUserMessage(payload);
        if (message?.type === "hello") member = this.#greet(connection, message);
        else if (member !== undefined && message?.type === "step") this.#step(member, message.request);
        else if (member !== undefined && message?.type === "publish") this.#publish(member, message);
        this.#look();
      },
      closed: () => {
        if (member !== undefined) this.members.delete(member);
        this.#look();
      },
    };
  };

  #greet(connection: ServerConnection, hello: Hello): Member | undefined {
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
    const member: Member = { connection, user: state.user, hello, send };
    const recovered = hello.resume ? { recovered: script.history ? ("all" as const) : ("gap" as const) } : {};
    const position = script.history ? { position: hello.after ?? String(this.#history.length) } : {};
    send({
      type: "welcome",
      node: this.#nodeOf(member),
      session,
      found,
      steps: state.steps,
      ...recovered,
      ...position,
    });
    if (recovered.recovered === "all") {
      for (let at = Number(hello.after); at < this.#history.length; at++) {
        connection.send(encodeDelivery(this.#history[at]!, String(at + 1)));
      }
    }
    this.members.add(member);
    return member;
  }

  #step(member: Member, request: number): void {
    const state = [...this.#sessions.values()].find(({ user }) => user === member.user)!;
    state.steps++;
    member.send({ type: "stepped", request, node: this.#nodeOf(member), found: true, steps: state.steps });
  }

  #publish(from: Member, { message }: Extract<UserMessage, { type: "publish" }>): void {
    const publication = encodePublication({ from: this.#nodeOf(from), message });
    this.#history.push(publication);
    const position = this.script.history ? String(this.#history.length) : undefined;
    for (const member of this.members) {
      const copies = this.script.copies?.(member, message.publisher, message.sequence) ?? 1;
      const text = encodeDelivery(publication, position);
      const sent = this.script.damage?.(member, text, message.sequence) ?? text;
      for (let copy = 0; copy < copies; copy++) member.connection.send(sent);
    }
    const answer = this.script.answer === undefined ? "accepted" : this.script.answer(from, message.sequence);
    if (answer === "accepted") from.send({ type: "accepted", sequence: message.sequence });
    if (answer === "rejected") from.send({ type: "rejected", sequence: message.sequence, reason: "as the test says" });
  }

  #nodeOf(member: Member): string {
    return this.script.node?.(member) ?? "node-1";
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }
}

export const connectOrder = (url: string, changes: Partial<ConnectOrder> = {}): ConnectOrder => ({
  protocol: "websocket",
  client: "lean",
  url,
  users: 4,
  cookies: "ignored",
  resume: false,
  backoff: { kind: "fixed", delayMs: 5 },
  seed: 1,
  limits: defaultLimits,
  payloadBytes: 300,
  options: {},
  concurrent: 32,
  ...changes,
});
