import type { Broker } from "../broker/broker.ts";
import { BrokerLink } from "../broker/link.ts";
import type { OpenSession } from "../broker/session.ts";
import { redisClient } from "./redis-client.ts";

/** Redis Pub/Sub (https://redis.io/docs/latest/develop/interact/pubsub/). */
export const redisBroker: Broker = {
  traits: {
    name: "redis",
    title: "Redis",
    summary: "Redis Pub/Sub: messages pass through and are not kept",
    delivery: "at-most-once",
    history: false,
    order: "total",
    rooms: true,
    durability: { fsync: "never", replicas: 1, acknowledgedBy: 1 },
    component: "redis",
    libraries: ["@redis/client"],
  },
  connect: (options) => BrokerLink.connect("Redis", options, openRedis),
};

export const openRedis: OpenSession = async (context) => {
  await using opened = new AsyncDisposableStack();
  const publisher = opened.adopt(await redisClient(context, "publisher"), (client) => client.destroy());
  // A connection of its own: a burst towards the node must not delay the answers to what it publishes.
  const subscriber = opened.adopt(await redisClient(context, "subscriber"), (client) => client.destroy());
  const topicOf = (room: string): string => `${context.topic}:${room}`;
  const subscribe = (room: string): Promise<void> =>
    subscriber.subscribe(topicOf(room), (text) => context.deliver({ text, room }));
  await subscriber.subscribe(context.topic, (text) => context.deliver({ text }));
  for (const room of context.rooms) await subscribe(room);
  const both = opened.move();
  return {
    position: undefined,
    // Nobody can tell what was published while there was no subscription.
    gap: true,
    async publish(text, room) {
      await publisher.publish(room === undefined ? context.topic : topicOf(room), text);
    },
    subscribe,
    unsubscribe: (room) => subscriber.unsubscribe(topicOf(room)),
    async check() {
      await Promise.all([publisher.ping(), subscriber.ping()]);
    },
    end: () => both.disposeAsync(),
  };
};
