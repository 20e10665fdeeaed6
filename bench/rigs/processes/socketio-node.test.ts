/** Users of Socket.IO nodes by the client that a cluster's users have, over a real Redis. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as elapsed } from "node:timers/promises";
import { socketIoClient } from "../../../clients/lean/socketio.ts";
import { defaultLimits, type ProtocolClient } from "../../../protocol/contract.ts";
import { until } from "../../../protocol/testing.ts";
import {
  decodeNodeMessage,
  encodeUserMessage,
  type NodeMessage,
  type UserMessage,
} from "../../../protocol/wires/channel.ts";
import { startProgram } from "../../../servers/programs/program.ts";
import { redis } from "../../../servers/programs/redis.ts";
import { Relay } from "../../relay/relay.ts";
import { hasProgram } from "../../testing.ts";
import type { ClusterNodeApi } from "./cluster-node.ts";
import type { NodeOrder } from "./node-api.ts";
import { RemoteProcess } from "./remote.ts";

const answerMs = 60_000;

async function startNode(t: TestContext, order: Pick<NodeOrder, "node" | "broker"> & Partial<NodeOrder>) {
  const child = new RemoteProcess<ClusterNodeApi>(order.node, "cluster-node");
  t.after(() => child.stop());
  const { url } = await child.call(
    "start",
    {
      software: "socket.io",
      protocol: "websocket",
      limits: defaultLimits,
      port: 0,
      readyPort: 0,
      topic: `t-${order.broker}`,
      ...order,
    },
    answerMs,
  );
  return { child, url };
}

/** What a user of a channel says first, and everything it hears. */
async function join(
  t: TestContext,
  client: ProtocolClient,
  url: string,
  user: number,
  hello: Partial<UserMessage> = {},
) {
  const heard: NodeMessage[] = [];
  const connection = await client.connect({
    url,
    limits: defaultLimits,
    user,
    signal: AbortSignal.timeout(answerMs),
    onMessage: (payload) => assert.fail(`malformed: ${payload}`),
    onText: (utf8) => heard.push(decodeNodeMessage(utf8.toString())!),
  });
  t.after(() => connection.close());
  const of = <Type extends NodeMessage["type"]>(type: Type) =>
    heard.filter((message): message is Extract<NodeMessage, { type: Type }> => message.type === type);
  const say = (message: UserMessage): void => connection.send(encodeUserMessage(message));
  say({ type: "hello", user, ...hello } as UserMessage);
  await until(() => of("welcome").length > 0);
  return { connection, of, say };
}

const message = (sequence: number) => ({ publisher: 0, sequence, body: `"body" ${sequence}` });

for (const broker of ["redis", "redis-streams"] as const) {
  test(`Socket.IO nodes on ${broker} serve a channel`, { timeout: 600_000 }, async (t) => {
    if (!hasProgram(t, "redis")) return;
    const program = await startProgram(redis);
    t.after(() => program.stop());
    const [here, there] = await Promise.all(
      ["node-1", "node-2"].map((node) => startNode(t, { node, broker, brokerUrl: program.url })),
    );
    const client = socketIoClient({ recover: true });
    const one = await join(t, client, here!.url, 0);
    const port = Number(new URL(there!.url).port);
    const relay = await Relay.to({ host: "127.0.0.1", port });
    t.after(() => relay[Symbol.asyncDispose]());
    const way = there!.url.replace(`:${port}/`, `:${relay.port}/`);
    const two = await join(t, client, way, 1);
    assert.equal(two.of("welcome")[0]!.node, "node-2");
    for (let sequence = 0; sequence < 5; sequence++) one.say({ type: "publish", message: message(sequence) });
    two.say({ type: "step", request: 4 });
    await until(() => one.of("accepted").length === 5 && two.of("delivery").length === 5);
    await until(() => one.of("delivery").length === 5 && two.of("stepped").length === 1);
    for (const { of } of [one, two]) {
      assert.deepEqual(
        of("delivery").map((delivery) => delivery.message),
        [0, 1, 2, 3, 4].map(message),
      );
      assert.deepEqual(new Set(of("delivery").map(({ from }) => from)), new Set(["node-1"]));
    }
    assert.equal(two.of("stepped")[0]!.steps, 1);

    const { rssBytes: _, ...counts } = await here!.child.call("counts", undefined, answerMs);
    const counted = {
      users: 1,
      publications: 5,
      brokerDeliveries: 5,
      deliveries: 5,
      slowConsumers: 0,
      brokerLive: true,
    };
    assert.deepEqual(counts, counted);
    const question = { publishers: [0, 0], sequences: [4, 5], users: [1, 1], leavingsOf: [] };
    const ask = ({ child }: typeof here & {}) => child.call("custody", question, answerMs);
    assert.deepEqual((await ask(here!)).publications, ["accepted", "unseen"]);
    assert.deepEqual((await ask(there!)).deliveries, ["handed", "unseen"]);

    // Its connection breaks, and not its node: only Redis Streams gives back what it missed, and the node says which it is.
    relay.cut();
    while ((await there!.child.call("counts", undefined, answerMs)).users > 0) await elapsed(10);
    for (const sequence of [5, 6]) one.say({ type: "publish", message: message(sequence) });
    await until(() => one.of("delivery").length === 7);
    relay.heal();
    const { session } = two.of("welcome")[0]!;
    const back = await join(t, client, way, 1, { session, resume: true } as Partial<UserMessage>);
    const { found, recovered } = back.of("welcome")[0]!;
    assert.deepEqual([found, recovered], [true, broker === "redis" ? "gap" : "all"]);
    one.say({ type: "publish", message: message(7) });
    await until(() => back.of("delivery").some((delivery) => delivery.message.sequence === 7));
    // One that its node reads only now may come twice.
    const missed = new Set(back.of("delivery").map((delivery) => delivery.message.sequence));
    assert.deepEqual([...missed], broker === "redis" ? [7] : [5, 6, 7]);
  });
}

test("a node of another kind is refused what it cannot do", async (t) => {
  await assert.rejects(startNode(t, { node: "n", broker: "nats", brokerUrl: "nats://127.0.0.1:1" }), { code: "usage" });
  await assert.rejects(startNode(t, { node: "n", broker: "none", rooms: "filtered" }), { code: "usage" });
});
