/** What clients other than ours do to a topic, broker by broker: nonsense in it, and history taken away. */
import { once } from "node:events";
import { connect } from "node:net";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect as connectNats, type NatsConnection } from "@nats-io/transport-node";
import { Admin, Producer } from "@platformatic/kafka";
import { createClient } from "@redis/client";
import { connect as connectRabbitmq } from "amqplib";
import { connectAsync as connectMqtt } from "mqtt";
import pg from "pg";
import { addressesOf } from "../../../servers/cluster/broker/addresses.ts";
import type { Broker } from "../../../servers/cluster/broker/broker.ts";
import { withoutConfiguration } from "../../../servers/cluster/broker/configurations.ts";

export interface ForeignClient {
  /** Puts into the topic what none of our nodes would. */
  readonly disturb: (url: string, topic: string) => Promise<unknown>;
  /** Removes every message the topic has now. Absent where only time or amount can. */
  readonly trim?: (url: string, topic: string) => Promise<unknown>;
  /** Deletes what the server keeps of each reader. Absent where it keeps nothing of them. */
  readonly deleteReaders?: (url: string, topic: string) => Promise<unknown>;
  /** Deletes the topic with all it has. Absent where none is kept. */
  readonly deleteTopic?: (url: string, topic: string) => Promise<unknown>;
  /** The broker is several processes: no node has a single way to it that could be cut. */
  readonly ensemble?: true;
}

const notText = Buffer.from([0xff, 0xfe, 0x00, 0xc0, 0x80]);
/** Control characters, the separators of the brokers' own protocols, half a JSON object. */
const nonsense = ["", "\r\n", "\u0000", '{"from":', "PUB a 1\r\nx\r\n"];

const hostsOf = (url: string): string[] => addressesOf(url, "").map(({ host }) => host);

async function redis(url: string, ...commands: (string | Buffer)[][]): Promise<unknown> {
  if (url.startsWith("redis-sentinel:")) {
    const [sentinel] = addressesOf(url, "");
    const master = ["SENTINEL", "get-master-addr-by-name", sentinel!.pathname.slice(1)];
    const address = (await redis(`redis://${sentinel!.host}`, master)) as string[];
    return await redis(`redis://${address.join(":")}`, ...commands);
  }
  const client = await createClient({ url })
    .on("error", () => {})
    .connect();
  try {
    let answer: unknown;
    for (const command of commands) answer = await client.sendCommand(command);
    return answer;
  } finally {
    client.destroy();
  }
}

async function nats(url: string, use: (connection: NatsConnection) => Promise<void> | void): Promise<void> {
  const connection = await connectNats({ servers: hostsOf(url) });
  try {
    await use(connection);
    await connection.flush();
  } finally {
    await connection.close();
  }
}

const kafkaOptions = (url: string) => ({ clientId: "foreign", bootstrapBrokers: hostsOf(url) });

const disturbNats: ForeignClient["disturb"] = (url, topic) =>
  nats(url, (connection) => {
    for (const payload of [notText, ...nonsense]) connection.publish(topic, payload);
  });

const jetstream: ForeignClient = {
  disturb: disturbNats,
  trim: (url, topic) =>
    nats(url, async (connection) => {
      await (await jetstreamManager(connection)).streams.purge(topic);
    }),
  deleteReaders: (url, topic) =>
    nats(url, async (connection) => {
      const { consumers } = await jetstreamManager(connection);
      for await (const { name } of consumers.list(topic)) await consumers.delete(topic, name);
    }),
  deleteTopic: (url, topic) =>
    nats(url, async (connection) => {
      await (await jetstreamManager(connection)).streams.delete(topic);
    }),
};

const kafka: ForeignClient = {
  async disturb(url, topic) {
    const producer = new Producer(kafkaOptions(url));
    try {
      const messages = [
        { topic },
        { topic, value: notText },
        ...nonsense.map((text) => ({ topic, value: Buffer.from(text) })),
      ];
      await producer.send({ messages: messages as { topic: string; value: Buffer }[] });
    } finally {
      await producer.close();
    }
  },
  async trim(url, topic) {
    const admin = new Admin(kafkaOptions(url));
    try {
      // -1 is the high watermark.
      await admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: -1n }] }] });
    } finally {
      await admin.close();
    }
  },
};

const redisPubSub: ForeignClient = {
  disturb: (url, topic) => redis(url, ...[notText, ...nonsense].map((payload) => ["PUBLISH", topic, payload])),
};

const redisStreams: ForeignClient = {
  disturb: (url, topic) =>
    redis(
      url,
      ["XADD", topic, "*", "another", "field"],
      ["XADD", topic, "*", notText, notText],
      ...[notText, ...nonsense].map((payload) => ["XADD", topic, "*", "text", payload]),
    ),
  trim: (url, topic) => redis(url, ["XTRIM", topic, "MAXLEN", "0"]),
};

/** Every member is tried: the ones that do not have the channel's shard refuse. */
const disturbShard: ForeignClient["disturb"] = (url, topic) =>
  Promise.any(
    hostsOf(url).map((host) =>
      redis(`redis://${host}`, ...[notText, ...nonsense].map((payload) => ["SPUBLISH", topic, payload])),
    ),
  );

const foreignClients: Readonly<Record<string, ForeignClient>> = {
  memory: {
    disturb: async (url) => {
      for (const bytes of [
        notText,
        Buffer.from("GET / HTTP/1.1\r\n\r\n"),
        frame("[]"),
        frame('{"id":1}'),
        frame("{"),
      ]) {
        const { hostname, port } = new URL(url);
        const socket = connect(Number(port), hostname).on("error", () => {});
        await once(socket, "connect");
        socket.end(bytes);
        await new Promise((resolve) => socket.resume().once("close", resolve));
      }
    },
  },
  redis: redisPubSub,
  valkey: redisPubSub,
  "redis-streams": redisStreams,
  nats: { disturb: disturbNats },
  jetstream,
  kafka,
  "redis-sentinel": { ...redisPubSub, ensemble: true },
  "redis-cluster": { disturb: disturbShard, ensemble: true },
  "redis-streams-sentinel": { ...redisStreams, ensemble: true },
  "nats-cluster": { disturb: disturbNats, ensemble: true },
  "jetstream-cluster": { ...jetstream, ensemble: true },
  "kafka-cluster": { ...kafka, ensemble: true },
  postgres: {
    async disturb(url, topic) {
      const client = new pg.Client({
        host: "127.0.0.1",
        port: Number(new URL(url).port),
        user: "postgres",
        database: "postgres",
      });
      await client.connect();
      try {
        // Postgres refuses what is no text.
        for (const text of ["", "\\", "\\x", "\r\n", '{"from":'])
          await client.query("SELECT pg_notify($1, $2)", [topic, text]);
      } finally {
        await client.end();
      }
    },
  },
  mqtt: {
    async disturb(url, topic) {
      const client = await connectMqtt(url);
      try {
        for (const payload of [notText, ...nonsense].map((each) => Buffer.from(each))) {
          for (const qos of [0, 1, 2] as const) await client.publishAsync(topic, payload, { qos, retain: true });
        }
      } finally {
        await client.endAsync();
      }
    },
  },
  rabbitmq: {
    async disturb(url, topic) {
      const connection = await connectRabbitmq(url);
      try {
        const channel = await connection.createConfirmChannel();
        for (const payload of [notText, ...nonsense]) {
          channel.publish(topic, "another key", Buffer.from(payload), {
            contentType: "no/type",
            headers: { "": [null] },
          });
        }
        await channel.waitForConfirms();
      } finally {
        await connection.close();
      }
    },
  },
};

/** For a broker in any of its configurations. */
export const foreignClientOf = ({ traits }: Broker): ForeignClient =>
  foreignClients[withoutConfiguration(traits.name)]!;

/** Ensembles take long to start, crash and settle: for them `check.ts` runs what is a test for the others. */
export const isOfOneProgram = ({ traits }: Broker): boolean => foreignClients[traits.name]?.ensemble !== true;

function frame(text: string): Buffer {
  const bytes = Buffer.alloc(5 + text.length);
  bytes.writeUInt32BE(text.length);
  bytes.write(text, 5);
  return bytes;
}
