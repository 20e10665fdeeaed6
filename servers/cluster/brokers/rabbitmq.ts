import type { ChannelModel, SocketOptions } from "amqplib";
import type { Broker } from "../broker/broker.ts";
import { BrokerLink } from "../broker/link.ts";
import type { OpenSession, SessionContext } from "../broker/session.ts";

/**
 * RabbitMQ as its tutorials do publish/subscribe (https://www.rabbitmq.com/tutorials/tutorial-three-javascript): a
 * fanout exchange per topic, an exclusive queue per node, publisher confirms.
 */
export const rabbitmqBroker: Broker = {
  traits: {
    name: "rabbitmq",
    title: "RabbitMQ",
    summary: "RabbitMQ: a fanout exchange and a queue per node that lives as long as its connection",
    delivery: "at-most-once",
    history: false,
    order: "per-publisher",
    durability: { fsync: "never", replicas: 1, acknowledgedBy: 1 },
    component: "rabbitmq",
    libraries: ["amqplib"],
  },
  connect: (options) => BrokerLink.connect("RabbitMQ", options, open),
};

const open: OpenSession = async (context) => {
  await using opened = new AsyncDisposableStack();
  const over = opened.adopt(new AbortController(), (controller) => controller.abort());
  const { topic: exchange } = context;
  // RabbitMQ stops to read from a connection that publishes when it is short of memory; the other one goes on.
  const publisher = await (await connection(context, "publisher", over.signal)).createConfirmChannel();
  const subscriber = await (await connection(context, "subscriber", over.signal)).createChannel();
  for (const channel of [publisher, subscriber]) channel.on("error", context.lost).on("close", context.lost);
  await subscriber.assertExchange(exchange, "fanout", { durable: false, autoDelete: true });
  const { queue } = await subscriber.assertQueue("", { exclusive: true, durable: false });
  await subscriber.bindQueue(queue, exchange, "");
  const deliver: Parameters<typeof subscriber.consume>[1] = (message) => {
    // Null when the queue was deleted.
    if (message === null) context.lost();
    else context.deliver({ text: message.content.toString() });
  };
  // Nobody acknowledges: there is nobody else the queue could give a message to.
  await subscriber.consume(queue, deliver, { noAck: true });
  const everything = opened.move();
  return {
    position: undefined,
    // What was published while there was no queue went nowhere.
    gap: true,
    /** Confirmed when it is in the queue of every node that has one. */
    publish: (text) =>
      new Promise((resolve, reject) => {
        publisher.publish(exchange, "", Buffer.from(text), {}, (error) => (error === null ? resolve() : reject(error)));
      }),
    async check() {
      await Promise.all([publisher.checkExchange(exchange), subscriber.checkQueue(queue)]);
    },
    end: () => everything.disposeAsync(),
  };
};

/** A connection that works, of which the session hears when it ends; destroyed when opening is aborted or it is over. */
async function connection(
  { url, node, signal, lost }: SessionContext,
  role: string,
  over: AbortSignal,
): Promise<ChannelModel> {
  // Optional to install, and only nodes that use it wait for it to load.
  const { connect } = await import("amqplib");
  const socketOptions: SocketOptions & { readonly signal: AbortSignal } = {
    noDelay: true,
    clientProperties: { connection_name: `${node}-${role}` },
    // The library hands them to Node's socket, and has no way of its own to end one that does not answer.
    signal: AbortSignal.any([signal, over]),
  };
  const address = new URL(url);
  // The link asks more often itself.
  address.searchParams.set("heartbeat", "0");
  const model = await connect(address.href, socketOptions);
  model.on("error", lost).on("close", lost);
  return model;
}
