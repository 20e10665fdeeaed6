/** A process that is one node of a cluster; see `NodeApi` for what it is told and asked. */

import { collectGarbage } from "../../../load/metering/garbage.ts";
import { WirebenchError } from "../../../protocol/errors.ts";
import type { BrokerStatus } from "../../../servers/cluster/broker/broker.ts";
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
  node = await (order.software === "socket.io" ? startSocketIo(order) : startOurs(order));
  return { url: node.url };
}

const onBrokerStatus = (status: BrokerStatus): void => announce<NodeEvents>("brokerIs", status);

async function startOurs(order: NodeOrder): Promise<ClusterNode> {
  const protocol = await loadServer(order.protocol);
  const broker = order.broker === "none" ? noBroker : brokerNamed(order.broker);
  const sessions = await sessionsOf(order);
  return await startClusterNode({
    ...order,
    protocol,
    broker,
    brokerUrl: order.brokerUrl ?? "",
    host,
    sessions,
    onBrokerStatus,
  });
}

/** Optional to install, so loaded where it is asked for. */
async function startSocketIo(order: NodeOrder): Promise<ClusterNode> {
  const { startSocketIoNode } = await import("../../../servers/cluster/socketio/node.ts");
  const { adapterNames } = await import("../../../servers/cluster/socketio/adapters.ts");
  const adapter = order.broker === "none" ? "none" : adapterNames.find((name) => name === order.broker);
  if (adapter === undefined)
    throw new WirebenchError("usage", `Socket.IO nodes have no adapter here for ${order.broker}`);
  if (order.rooms !== undefined) throw new WirebenchError("usage", "Socket.IO nodes have no rooms here");
  const sessions = await sessionsOf(order);
  return await startSocketIoNode({
    ...order,
    adapter,
    redisUrl: order.brokerUrl ?? "",
    host,
    sessions,
    onBrokerStatus,
  });
}

const sessionsOf = async ({ stateUrl, topic }: NodeOrder): Promise<SessionStore> =>
  stateUrl === undefined ? memorySessions() : await sessionsOutside(stateUrl, topic);

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
