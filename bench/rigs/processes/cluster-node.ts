/** A process that is one node of a cluster; see `NodeApi` for what it is told and asked. */

import { collectGarbage } from "../../../load/metering/garbage.ts";
import { WirebenchError } from "../../../protocol/errors.ts";
import { brokerNamed } from "../../../servers/cluster/brokers/brokers.ts";
import { noBroker } from "../../../servers/cluster/brokers/no-broker.ts";
import { type ClusterNode, startClusterNode } from "../../../servers/cluster/node/node.ts";
import { memorySessions, type SessionStore } from "../../../servers/cluster/node/sessions.ts";
import { loadServer } from "../../targets/protocol-modules.ts";
import { BusyLoop } from "./busy-loop.ts";
import type { NodeApi, NodeEvents, NodeOrder } from "./node-api.ts";
import { announce, answerCalls } from "./remote.ts";

/** Nodes are reached through the load balancer; they themselves never leave the host. */
const host = "127.0.0.1";

let node: ClusterNode | undefined;
const busyLoop = new BusyLoop();

function started(): ClusterNode {
  if (node === undefined) throw new WirebenchError("usage", "the node has not been started");
  return node;
}

async function start(order: NodeOrder): Promise<{ url: string }> {
  if (node !== undefined) throw new WirebenchError("usage", "the node has been started already");
  if (order.broker !== "none" && order.brokerUrl === undefined) {
    throw new WirebenchError("usage", `expected the address of the broker ${order.broker}`);
  }
  const server = await loadServer(order.protocol);
  const broker = order.broker === "none" ? noBroker : brokerNamed(order.broker);
  const sessions = order.stateUrl === undefined ? memorySessions() : await sessionsOutside(order.stateUrl, order.topic);
  node = await startClusterNode({
    ...order,
    protocol: server,
    broker,
    brokerUrl: order.brokerUrl ?? "",
    host,
    sessions,
    onBrokerStatus: (status) => announce<NodeEvents>("brokerIs", status),
  });
  return { url: node.url };
}

/** Only a node that keeps its sessions there needs to load what speaks to Redis. */
async function sessionsOutside(url: string, prefix: string): Promise<SessionStore> {
  const { redisSessions } = await import("../../../servers/cluster/node/redis-sessions.ts");
  return await redisSessions({ url, prefix });
}

const api = {
  start,
  counts: async () => ({ ...started().counts, rssBytes: process.memoryUsage.rss() }),
  custody: async (question) => started().custody.answer(question),
  drain: ({ perSecond }) => started().drain(perSecond),
  collectGarbage: async () => collectGarbage(),
  ready: async ({ ready }) => started().setReady(ready),
  slow: async (order) => busyLoop.start(order),
} satisfies NodeApi;

export type ClusterNodeApi = typeof api;

answerCalls(api);
