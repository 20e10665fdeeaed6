import type { Msg, Subscription } from "@nats-io/transport-node";
import { addressesOf } from "../broker/addresses.ts";
import type { Broker } from "../broker/broker.ts";
import { BrokerLink } from "../broker/link.ts";
import type { OpenSession } from "../broker/session.ts";
import { natsConnection } from "./nats-client.ts";

/** Core NATS (https://docs.nats.io/nats-concepts/core-nats). */
export const natsBroker: Broker = {
  traits: {
    name: "nats",
    title: "NATS",
    summary: "core NATS: messages pass through and are not kept",
    delivery: "at-most-once",
    history: false,
    order: "per-publisher",
    rooms: true,
    durability: { fsync: "never", replicas: 1, acknowledgedBy: 1 },
    component: "nats",
    libraries: ["@nats-io/transport-node"],
  },
  connect: (options) => BrokerLink.connect("NATS", options, open),
};

const open: OpenSession = async (context) => {
  const nats = await natsConnection(context);
  const topicOf = (room: string): string => `${context.topic}.${room}`;
  const subscriptions = new Map<string, Subscription>();
  const listen = (room: string): void => {
    const callback = (_: Error | null, message: Msg): void => context.deliver({ text: message.string(), room });
    subscriptions.set(room, nats.subscribe(topicOf(room), { callback }));
  };
  nats.subscribe(context.topic, { callback: (_, message) => context.deliver({ text: message.string() }) });
  context.rooms.forEach(listen);
  // The server answers in order: after its PONG the subscription is there.
  await nats.flush();
  if (addressesOf(context.url, context.node).length > 1) {
    const { knownEverywhere } = await import("./nats-interest.ts");
    await knownEverywhere(nats, context);
  }
  let taken: Promise<void> | undefined;
  return {
    position: undefined,
    // Nobody can tell what was published while there was no subscription.
    gap: true,
    /** Core NATS acknowledges nothing; a PONG after all that was published in this turn says that it was read. */
    async publish(text, room) {
      nats.publish(room === undefined ? context.topic : topicOf(room), text);
      taken ??= Promise.resolve().then(() => {
        taken = undefined;
        return nats.flush();
      });
      await taken;
    },
    async subscribe(room) {
      listen(room);
      await nats.flush();
    },
    async unsubscribe(room) {
      subscriptions.get(room)?.unsubscribe();
      subscriptions.delete(room);
    },
    check: () => nats.flush(),
    end: () => nats.close(),
  };
};
