import { WirebenchError } from "../../../protocol/errors.ts";
import { addressesOf, firstOf } from "../broker/addresses.ts";
import type { Broker } from "../broker/broker.ts";
import { BrokerLink } from "../broker/link.ts";
import type { OpenSession, SessionContext } from "../broker/session.ts";
import { openPubSub, redisBroker } from "./redis.ts";
import { askRedis } from "./redis-question.ts";

/** Sharded Pub/Sub on a Redis Cluster (https://redis.io/docs/latest/develop/pubsub/#sharded-pubsub). */
export const redisClusterBroker: Broker = {
  traits: {
    ...redisBroker.traits,
    name: "redis-cluster",
    title: "Redis Cluster, sharded",
    summary: "Redis sharded Pub/Sub: a channel belongs to one shard, whose replica takes over when its master dies",
    component: "redis-cluster",
  },
  connect: (options) => BrokerLink.connect("Redis", options, atShard),
};

const open = openPubSub({ sharded: true });

/** Opens the session at the master of the topic's shard, by the word of the first member that answers. */
const atShard: OpenSession = async (context) => {
  const url = await firstOf(addressesOf(context.url, context.node), ({ host }) => masterOf(context, `redis://${host}`));
  return await open({ ...context, url });
};

/** First slot, last slot, master, replicas. */
type Slots = readonly (readonly [number, number, readonly [string, number]])[];

async function masterOf(context: SessionContext, url: string): Promise<string> {
  const slot = (await askRedis(context, url, ["CLUSTER", "KEYSLOT", context.topic])) as number;
  const ranges = (await askRedis(context, url, ["CLUSTER", "SLOTS"])) as Slots;
  const range = ranges.find(([first, last]) => first <= slot && slot <= last);
  if (range === undefined) throw new WirebenchError("connect-failed", `no shard has slot ${slot}`);
  const [host, port] = range[2];
  return `redis://${host}:${port}`;
}
