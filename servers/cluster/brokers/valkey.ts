import type { Broker } from "../broker/broker.ts";
import { BrokerLink } from "../broker/link.ts";
import { openRedis, redisBroker } from "./redis.ts";

/** Pub/sub of Valkey, the fork of Redis 7.2 (https://valkey.io/topics/pubsub/): the same client, another server. */
export const valkeyBroker: Broker = {
  traits: {
    ...redisBroker.traits,
    name: "valkey",
    title: "Valkey",
    summary: "Valkey Pub/Sub: messages pass through and are not kept",
    component: "valkey",
  },
  connect: (options) => BrokerLink.connect("Valkey", options, openRedis),
};
