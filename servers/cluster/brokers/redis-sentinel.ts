import type { Broker } from "../broker/broker.ts";
import { BrokerLink } from "../broker/link.ts";
import { openRedis, redisBroker } from "./redis.ts";
import { openRedisStream, redisStreamsBroker } from "./redis-streams.ts";
import { atMaster } from "./sentinel.ts";

/** Redis Pub/Sub at a master that Sentinel replaces (https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel). */
export const redisSentinelBroker: Broker = {
  traits: {
    ...redisBroker.traits,
    name: "redis-sentinel",
    title: "Redis, Sentinel",
    summary: "Redis Pub/Sub with a replica that Sentinel makes the master when that dies",
    component: "redis-sentinel",
  },
  connect: (options) => BrokerLink.connect("Redis", options, atMaster(openRedis)),
};

/** Redis Streams there: the replica follows without being waited for, so an acknowledgement is the master's alone. */
export const redisStreamsSentinelBroker: Broker = {
  traits: {
    ...redisStreamsBroker.traits,
    name: "redis-streams-sentinel",
    title: "Redis Streams, Sentinel",
    summary: "Redis Streams with a replica that Sentinel makes the master when that dies",
    durability: { ...redisStreamsBroker.traits.durability, replicas: 2, acknowledgedBy: 1 },
    component: "redis-sentinel",
  },
  connect: (options) => BrokerLink.connect("Redis", options, atMaster(openRedisStream)),
};
