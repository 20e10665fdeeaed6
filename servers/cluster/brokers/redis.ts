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

/** `sharded`: at the master of the topic's shard, to which its rooms belong too, by their common hash tag. */
export const openPubSub =
  ({ sharded }: { readonly sharded: boolean }): OpenSession =>
  async (context) => {
    await using opened = new AsyncDisposableStack();
    const publisher = opened.adopt(await redisClient(context, "publisher"), (client) => client.destroy());
    // A connection of its own: a burst towards the node must not delay the answers to what it publishes.
    const subscriber = opened.adopt(await redisClient(context, "subscriber"), (client) => client.destroy());
    const topicOf = (room: string): string => (sharded ? `{${context.topic}}:${room}` : `${context.topic}:${room}`);
    const listen = (channel: string, room?: string): Promise<void> => {
      const hear = (text: string): void => context.deliver({ text, ...(room !== undefined && { room }) });
      return sharded ? subscriber.sSubscribe(channel, hear) : subscriber.subscribe(channel, hear);
    };
    await listen(context.topic);
    for (const room of context.rooms) await listen(topicOf(room), room);
    const both = opened.move();
    return {
      position: undefined,
      // Nobody can tell what was published while there was no subscription.
      gap: true,
      async publish(text, room) {
        const channel = room === undefined ? context.topic : topicOf(room);
        await (sharded ? publisher.sPublish(channel, text) : publisher.publish(channel, text));
      },
      subscribe: (room) => listen(topicOf(room), room),
      unsubscribe: (room) => (sharded ? subscriber.sUnsubscribe(topicOf(room)) : subscriber.unsubscribe(topicOf(room))),
      async check() {
        await Promise.all([publisher.ping(), subscriber.ping()]);
      },
      end: () => both.disposeAsync(),
    };
  };

export const openRedis = openPubSub({ sharded: false });
