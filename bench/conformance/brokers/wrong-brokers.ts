/** Brokers that are wrong in one way each, around one that is right; the suite must notice. */
import type {
  Broker,
  BrokerConnection,
  BrokerConnectOptions,
  BrokerMessage,
} from "../../../servers/cluster/broker/broker.ts";

type Wrong = (broker: Broker, options: BrokerConnectOptions) => Promise<BrokerConnection>;

/** A connection as it is, but for what is given. */
function altered(connection: BrokerConnection, changes: Partial<BrokerConnection>): BrokerConnection {
  return {
    get live() {
      return connection.live;
    },
    get position() {
      return connection.position;
    },
    publish: (text, room) => connection.publish(text, room),
    subscribe: (room) => connection.subscribe(room),
    unsubscribe: (room) => connection.unsubscribe(room),
    replay: (position) => connection.replay(position),
    close: () => connection.close(),
    ...changes,
  };
}

/** Hands on what comes as `alter` says, which knows the number of the message, from 1. */
const onTheWay =
  (alter: (message: BrokerMessage, hand: (message: BrokerMessage) => void, nth: number) => void): Wrong =>
  (broker, options) => {
    let nth = 0;
    return broker.connect({ ...options, onMessage: (message) => alter(message, options.onMessage, ++nth) });
  };

const wrongs: Readonly<Record<string, () => Wrong>> = {
  "drops every 10th message": () =>
    onTheWay((message, hand, nth) => {
      if (nth % 10 !== 0) hand(message);
    }),
  "hands over every 10th message twice": () =>
    onTheWay((message, hand, nth) => {
      hand(message);
      if (nth % 10 === 0) hand(message);
    }),
  "swaps two messages": () => {
    let held: BrokerMessage | undefined;
    return onTheWay((message, hand, nth) => {
      if (nth === 7) held = message;
      else hand(message);
      if (nth === 8 && held !== undefined) hand(held);
    });
  },
  "says that it is live before it is": () => async (broker, options) => {
    const connecting = new Promise((resolve) => setTimeout(resolve, 50)).then(() => broker.connect(options));
    connecting.catch(() => {});
    return {
      live: true,
      position: undefined,
      publish: async (text) => (await connecting).publish(text),
      subscribe: async (room) => (await connecting).subscribe(room),
      unsubscribe: () => {},
      replay: async (position) => (await connecting).replay(position),
      close: async () => (await connecting).close(),
    };
  },
  "queues what is published while it has no connection": () => async (broker, options) => {
    const queue: string[] = [];
    const connection = await broker.connect({
      ...options,
      onStatus: (status) => {
        options.onStatus(status);
        if (status !== "lost") for (const text of queue.splice(0)) void connection.publish(text);
      },
    });
    const publish = async (text: string): Promise<void> => {
      if (connection.live) await connection.publish(text);
      else queue.push(text);
    };
    return altered(connection, { publish });
  },
  "hides that it lost messages": () => (broker, options) =>
    broker.connect({
      ...options,
      onStatus: (status) => options.onStatus(status === "live-after-gap" ? "live" : status),
    }),
  "replays a part": () => async (broker, options) => {
    const connection = await broker.connect(options);
    return altered(connection, { replay: async (position) => (await connection.replay(position))?.slice(-50) });
  },
  "hands over what was published before it was asked": () => async (broker, options) => {
    const connection = await broker.connect(options);
    const start = connection.position!;
    const [epoch] = start.split(":");
    for (const message of (await connection.replay(`${epoch}:0`)) ?? []) options.onMessage(message);
    return connection;
  },
};

/** By what is wrong with them. */
export const wrongBrokers = (right: Broker): ReadonlyMap<string, Broker> =>
  new Map(
    Object.entries(wrongs).map(([fault, make]) => [
      fault,
      { traits: right.traits, connect: (options) => make()(right, options) },
    ]),
  );
