import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { longPollingClient } from "../../../clients/long-polling.ts";
import { sseClient } from "../../../clients/sse.ts";
import { websocketClient } from "../../../clients/websocket.ts";
import { type ClientConnection, defaultLimits, type Protocol } from "../../../protocol/contract.ts";
import {
  decodeNodeMessage,
  encodeUserMessage,
  type NodeMessage,
  type UserMessage,
} from "../../../protocol/wires/channel.ts";
import { longPollingServer } from "../../long-polling.ts";
import { sseServer } from "../../sse.ts";
import { opcodes, webSocketFrame, webSocketPeer } from "../../testing.ts";
import { websocketServer } from "../../websocket.ts";
import { noBroker } from "../brokers/no-broker.ts";
import { channelMessage, TestBroker } from "../testing.ts";
import { type ClusterNodeOptions, startClusterNode } from "./node.ts";
import { memorySessions } from "./sessions.ts";

const websocket: Protocol = { server: websocketServer, client: websocketClient };
const protocols: Protocol[] = [
  websocket,
  { server: sseServer, client: sseClient },
  { server: longPollingServer, client: longPollingClient },
];

async function startNode(t: TestContext, options: Partial<ClusterNodeOptions> = {}) {
  const node = await startClusterNode({
    node: "node-1",
    protocol: websocketServer,
    limits: defaultLimits,
    host: "127.0.0.1",
    port: 0,
    readyPort: 0,
    broker: new TestBroker(),
    brokerUrl: "test://",
    topic: "t",
    sessions: memorySessions(),
    ...options,
  });
  t.after(() => node.close());
  return node;
}

/** A user on a real socket. */
class User {
  readonly heard: NodeMessage[] = [];
  connection!: ClientConnection;
  #news = Promise.withResolvers<void>();

  static async connect({ client }: Protocol, url: string): Promise<User> {
    const user = new User();
    user.connection = await client.connect({
      url,
      limits: defaultLimits,
      user: 0,
      options: { "poll-interval": "5ms" },
      signal: AbortSignal.timeout(60_000),
      onMessage(payload) {
        user.heard.push(decodeNodeMessage(payload)!);
        user.#news.resolve();
        user.#news = Promise.withResolvers();
      },
    });
    return user;
  }

  say(message: UserMessage): this {
    this.connection.send(encodeUserMessage(message));
    return this;
  }

  /** Resolves with the messages of this type once so many are here; rejects if the connection ends before. */
  async until<Type extends NodeMessage["type"]>(
    type: Type,
    count = 1,
  ): Promise<Extract<NodeMessage, { type: Type }>[]> {
    for (;;) {
      const found = this.heard.filter((message) => message.type === type);
      if (found.length >= count) return found as Extract<NodeMessage, { type: Type }>[];
      const end = await Promise.race([this.#news.promise, this.connection.closed]);
      if (end !== undefined) throw new Error(`expected ${count} ${type}, got the end: ${end.message}`);
    }
  }

  async sequences(count: number): Promise<number[]> {
    return (await this.until("delivery", count)).map(({ message }) => message.sequence);
  }
}

const ready = async (url: string): Promise<[number, string]> => {
  const answer = await fetch(url);
  return [answer.status, (await answer.text()).trim()];
};

for (const protocol of protocols) {
  describe(`two nodes by ${protocol.server.traits.name}`, { timeout: 120_000 }, () => {
    it("welcome, step, deliver to everybody, and resume at the other node without loss", async (t) => {
      const broker = new TestBroker();
      const [one, two] = await Promise.all(
        ["node-1", "node-2"].map((node) => startNode(t, { node, broker, protocol: protocol.server })),
      );
      const [near, far] = await Promise.all([User.connect(protocol, one!.url), User.connect(protocol, two!.url)]);
      near.say({ type: "hello" });
      far.say({ type: "hello" });
      const [welcome] = await near.until("welcome");
      await far.until("welcome");
      near.say({ type: "step", request: 1 });
      assert.deepEqual(await near.until("stepped"), [
        { type: "stepped", request: 1, node: "node-1", found: true, steps: 1 },
      ]);
      for (let sequence = 0; sequence < 5; sequence++) near.say({ type: "publish", message: channelMessage(sequence) });
      assert.deepEqual(await near.sequences(5), [0, 1, 2, 3, 4]);
      assert.deepEqual(await far.sequences(5), [0, 1, 2, 3, 4]);
      const after = (await near.until("delivery"))[2]!.position!;
      await near.connection.close();
      far.say({ type: "publish", message: channelMessage(5) });
      await far.until("accepted");

      const back = await User.connect(protocol, two!.url);
      back.say({ type: "hello", session: welcome!.session, resume: true, after });
      const [again] = await back.until("welcome");
      assert.deepEqual([again!.found, again!.recovered], [false, "all"]);
      far.say({ type: "publish", message: channelMessage(6) });
      assert.deepEqual(await back.sequences(4), [3, 4, 5, 6]);
      await Promise.all([back.connection.close(), far.connection.close()]);
    });

    it("declare a gap to everybody, and end a connection that speaks nonsense", async (t) => {
      const broker = new TestBroker();
      const node = await startNode(t, { broker, protocol: protocol.server });
      const user = await User.connect(protocol, node.url);
      await user.say({ type: "hello" }).until("welcome");
      const hostile = await User.connect(protocol, node.url);
      hostile.connection.send("{");
      assert.equal((await hostile.connection.closed).by, "server");
      broker.links.get("node-1")!.becomes("live-after-gap");
      await user.until("gap");
      await user.connection.close();
    });

    it("are drained at a pace, each user told to move before it is closed", async (t) => {
      const node = await startNode(t, { protocol: protocol.server });
      const users = await Promise.all(Array.from({ length: 4 }, () => User.connect(protocol, node.url)));
      for (const user of users) await user.say({ type: "hello" }).until("welcome");
      await assert.rejects(node.drain(0), { code: "usage" });
      const drained = node.drain(200);
      for (const user of users) {
        const { by, message } = await user.connection.closed;
        assert.equal(by, "server");
        if (protocol === websocket) assert.equal(message, "close code 1012");
        assert.equal(user.heard.at(-1)!.type, "moving");
      }
      await drained;
      assert.equal(node.counts.users, 0);
    });
  });
}

describe("a cluster node", { timeout: 120_000 }, () => {
  it("is ready while the broker's subscription is live and readiness is not withdrawn", async (t) => {
    const broker = new TestBroker();
    const node = await startNode(t, { broker });
    const link = broker.links.get("node-1")!;
    assert.deepEqual(await ready(node.readyUrl), [200, "ready"]);
    link.becomes("lost");
    assert.deepEqual(await ready(node.readyUrl), [503, "the broker's subscription is not live (test)"]);
    link.becomes("live");
    assert.deepEqual(await ready(node.readyUrl), [200, "ready"]);
    node.setReady(false);
    assert.deepEqual(await ready(node.readyUrl), [503, "readiness was withdrawn"]);
    node.setReady(true);
    assert.deepEqual(await ready(node.readyUrl), [200, "ready"]);
    assert.equal((await ready(new URL("/", node.readyUrl).href))[0], 404);
  });

  it("without a broker is always ready", async (t) => {
    const node = await startNode(t, { broker: noBroker });
    assert.deepEqual(await ready(node.readyUrl), [200, "ready"]);
  });

  it("is not ready while it connects to its broker", async (t) => {
    const broker = new TestBroker();
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    const slow = {
      traits: broker.traits,
      async connect(options: Parameters<TestBroker["connect"]>[0]) {
        ask();
        await gate;
        return await broker.connect(options);
      },
    };
    const blocker = await startNode(t);
    const readyPort = Number(new URL(blocker.readyUrl).port);
    await blocker.close();
    const starting = startNode(t, { broker: slow, readyPort });
    await asked;
    assert.deepEqual(await ready(blocker.readyUrl), [503, "connecting to the broker (test)"]);
    open();
    await starting;
    assert.deepEqual(await ready(blocker.readyUrl), [200, "ready"]);
  });

  it("rejects publications while the broker is away, and serves again when it is back", async (t) => {
    const broker = new TestBroker();
    const node = await startNode(t, { broker });
    const user = await User.connect(websocket, node.url);
    await user.say({ type: "hello" }).until("welcome");
    broker.links.get("node-1")!.becomes("lost");
    const [rejected] = await user.say({ type: "publish", message: channelMessage(0) }).until("rejected");
    assert.equal(rejected!.reason, "the broker is away");
    broker.links.get("node-1")!.becomes("live");
    await user.say({ type: "publish", message: channelMessage(1) }).until("accepted");
    await user.connection.close();
  });

  it("does not start on a port that is taken, or without its broker, and leaves nothing open then", async (t) => {
    const other = await startNode(t);
    const port = Number(new URL(other.url).port);
    const broker = new TestBroker();
    await assert.rejects(startNode(t, { broker, port }), {
      code: "process-failed",
      message: `node-1 cannot listen on 127.0.0.1:${port}: the port is taken`,
    });
    assert.equal(broker.links.size, 0);
    const readyPort = Number(new URL(other.readyUrl).port);
    await assert.rejects(startNode(t, { readyPort }), { message: /^the readiness endpoint of node-1 cannot listen/ });
    broker.reachable = false;
    let closed = false;
    const close = async (): Promise<void> => {
      closed = true;
    };
    const sessions = { ...memorySessions(), close };
    await assert.rejects(startNode(t, { broker, sessions }), { code: "connect-refused" });
    assert.ok(closed);
  });

  it("gives up a user that does not read, counts it, and serves the others", async (t) => {
    const node = await startNode(t, { limits: { ...defaultLimits, queueBytesMax: 256 * 1024 } });
    const peer = await webSocketPeer(t, node.url);
    peer.write(webSocketFrame(opcodes.text, encodeUserMessage({ type: "hello" })));
    await peer.until(/"welcome"/);
    peer.stopReading();
    const user = await User.connect(websocket, node.url);
    await user.say({ type: "hello" }).until("welcome");
    const body = "x".repeat(100_000);
    let sequence = 0;
    while (node.counts.slowConsumers === 0) {
      user.say({ type: "publish", message: channelMessage(sequence++, 0, body) });
      await user.until("delivery", sequence);
    }
    user.say({ type: "publish", message: channelMessage(sequence++) });
    const expected = Array.from({ length: sequence }, (_, index) => index);
    assert.deepEqual(await user.sequences(sequence), expected);
    assert.deepEqual([node.counts.users, node.counts.slowConsumers], [1, 1]);
    await user.connection.close();
  });
});
