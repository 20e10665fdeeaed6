import assert from "node:assert/strict";
import { test } from "node:test";
import { nowNs } from "../../../protocol/clock.ts";
import { defaultLimits, type Payload } from "../../../protocol/contract.ts";
import { decodeNodeMessage, encodeUserMessage } from "../../../protocol/wires/channel.ts";
import { protocolNamed } from "../../targets/protocols.ts";
import type { ClusterNodeApi } from "./cluster-node.ts";
import type { NodeOrder } from "./node-api.ts";
import { RemoteProcess } from "./remote.ts";

const order: NodeOrder = {
  node: "node-1",
  software: "wirebench",
  protocol: "websocket",
  limits: defaultLimits,
  port: 0,
  readyPort: 0,
  broker: "none",
  topic: "t",
};

test("a node process serves a user, counts, is drained, and ends with its driver", { timeout: 600_000 }, async (t) => {
  const child = new RemoteProcess<ClusterNodeApi>("node-1", "cluster-node");
  t.after(() => child.stop());
  await assert.rejects(child.call("counts", undefined, 60_000), { code: "usage", message: /has not been started/ });
  const { url } = await child.call("start", order, 60_000);
  await assert.rejects(child.call("start", order, 60_000), { code: "usage" });

  const { promise: welcomed, resolve } = Promise.withResolvers<Payload>();
  const user = await protocolNamed(order.protocol).client.connect({
    url,
    limits: defaultLimits,
    user: 0,
    options: { "poll-interval": "5ms" },
    signal: AbortSignal.timeout(60_000),
    onMessage: resolve,
  });
  user.send(encodeUserMessage({ type: "hello" }));
  assert.equal(decodeNodeMessage(await welcomed)!.type, "welcome");
  const { rssBytes, ...counts } = await child.call("counts", undefined, 60_000);
  assert.deepEqual(counts, {
    users: 1,
    publications: 0,
    brokerDeliveries: 0,
    deliveries: 0,
    slowConsumers: 0,
    brokerLive: true,
  });
  assert.ok(rssBytes > 1e6);

  const startNs = nowNs();
  await child.call("slow", { busyMs: 60, everyMs: 61, forMs: 1000 }, 60_000);
  // Of a loop that is kept busy for 60 ms at a time, ten answers in turn take a few of these.
  for (let calls = 0; calls < 10; calls++) await child.call("ready", { ready: false }, 60_000);
  assert.ok(nowNs() - startNs > 60e6);

  await child.call("drain", { perSecond: 1000 }, 60_000);
  assert.deepEqual(await user.closed, { by: "server", message: "close code 1012" });
  await child.stop();
  assert.equal(await child.exited, "the node-1 process ended with exit code 0");
});

test("a node process that cannot reach its broker or lacks its address says so", { timeout: 600_000 }, async (t) => {
  const child = new RemoteProcess<ClusterNodeApi>("node-1", "cluster-node");
  t.after(() => child.stop());
  await assert.rejects(child.call("start", { ...order, broker: "redis" }, 60_000), {
    code: "usage",
    message: "expected the address of the broker redis",
  });
  // Nothing listens at the discard port.
  const unreachable = { ...order, broker: "redis", brokerUrl: "redis://127.0.0.1:9" } as const;
  await assert.rejects(child.call("start", unreachable, 60_000), { code: "connect-refused" });
});
