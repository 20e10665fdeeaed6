import { type Broker, type BrokerMessage, replayMessagesMax } from "../broker/broker.ts";
import { configured } from "../broker/configurations.ts";
import { BrokerLink } from "../broker/link.ts";
import type { OpenSession, SessionContext } from "../broker/session.ts";
import { SilenceWatch } from "../broker/silence.ts";
import { deleteKeys } from "../redis-keys.ts";
import { type RedisClient, redisClient } from "./redis-client.ts";

/** Redis Streams (https://redis.io/docs/latest/develop/data-types/streams/): one stream per topic, read by every node. */
export const redisStreamsBroker: Broker = {
  traits: {
    name: "redis-streams",
    title: "Redis Streams",
    summary: "Redis Streams: a bounded log that every node reads from its own position",
    delivery: "at-least-once",
    history: true,
    order: "total",
    polled: true,
    durability: { fsync: "by the kernel", replicas: 1, acknowledgedBy: 1 },
    component: "redis",
    libraries: ["@redis/client"],
  },
  connect: (options) => BrokerLink.connect("Redis", options, openRedisStream),
  removeTopics: ({ url, prefix }) => deleteKeys(url, prefix),
};

/** With Redis's `appendfsync`: `no`, `everysec` (its default) and `always`. */
export const redisStreamsBrokers = configured(redisStreamsBroker, {
  everysec: { title: "synced every second", fsync: "every second" },
  always: { title: "synced with every write", fsync: "before acknowledging" },
});

/** Entries a stream keeps at least; Redis trims whole nodes of its tree, so a little more. */
const entriesKept = 20_000;
const readEntriesMax = 500;
/** How long one read waits for an entry. */
const readWaitMs = 1000;
/** So many waits without an answer, and the session is given up. */
const readsMissedMax = 4;
const beginning = "0-0";
const positionShape = /^\d{1,20}-\d{1,20}$/;

interface Entry {
  readonly id: string;
  readonly message: Record<string, string>;
}

export const openRedisStream: OpenSession = async (context) => {
  await using opened = new AsyncDisposableStack();
  const { topic } = context;
  const publisher = opened.adopt(await redisClient(context, "publisher"), (client) => client.destroy());
  // A read that waits keeps its connection to itself.
  const reader = opened.adopt(await redisClient(context, "reader"), (client) => client.destroy());
  const end = await streamEnd(publisher, topic);
  const kept = context.after === undefined || (await isKept(publisher, topic, context.after));
  // Beyond the end: the last entries were lost with a master, and what is left was read before it had those.
  const start = context.after === undefined || isAfter(context.after, end) ? end : context.after;
  const both = opened.move();
  return {
    position: start,
    gap: !kept,
    start: () => void readOn(reader, publisher, context, start).catch(context.lost),
    async publish(text) {
      const trim = { strategy: "MAXLEN", strategyModifier: "~", threshold: entriesKept } as const;
      await publisher.xAdd(topic, "*", { text }, { TRIM: trim });
    },
    async replay(position) {
      if (!positionShape.test(position) || !(await isKept(publisher, topic, position))) return undefined;
      const entries = await range(publisher, topic, `(${position}`, "+", replayMessagesMax + 1);
      return entries.length > replayMessagesMax ? undefined : entries.flatMap(toMessage);
    },
    async check() {
      await publisher.ping();
    },
    end: () => both.disposeAsync(),
  };
};

/** Reads until the connection ends. Always from a known entry: `$` would skip what is added between two reads. */
async function readOn(
  reader: RedisClient,
  checker: RedisClient,
  context: SessionContext,
  start: string,
): Promise<never> {
  const { topic } = context;
  // It answers also when there is nothing: one that does not is deaf, whatever the other connection says.
  const silence = new SilenceWatch({ periodMs: readWaitMs, periodsMax: readsMissedMax, silent: context.lost });
  try {
    for (let last = start; ; ) {
      const read = await reader.xRead({ key: topic, id: last }, { COUNT: readEntriesMax, BLOCK: readWaitMs });
      silence.heard();
      const entries: Entry[] = (read as { messages: Entry[] }[] | null)?.[0]?.messages ?? [];
      // Far behind: what follows the last entry may have been trimmed before it was read. Then that is gone, too.
      if (entries.length === readEntriesMax && !(await isKept(checker, topic, last))) context.gap();
      for (const entry of entries) toMessage(entry).forEach(context.deliver);
      last = entries.at(-1)?.id ?? last;
    }
  } finally {
    silence.stop();
  }
}

/** Entries others wrote without our field are none of ours. */
function toMessage({ id, message }: Entry): BrokerMessage[] {
  const { text } = message;
  return text === undefined ? [] : [{ text, position: id }];
}

const range = async (client: RedisClient, topic: string, from: string, to: string, count: number): Promise<Entry[]> =>
  ((await client.xRange(topic, from, to, { COUNT: count })) ?? []) as Entry[];

async function streamEnd(client: RedisClient, topic: string): Promise<string> {
  return (await client.exists(topic)) === 0 ? beginning : (await client.xInfoStream(topic))["last-generated-id"];
}

/** Whether everything after a position is still there. When its own entry is trimmed nobody can tell, so it is not. */
async function isKept(client: RedisClient, topic: string, position: string): Promise<boolean> {
  if (position !== beginning) return (await range(client, topic, position, position, 1)).length > 0;
  if ((await client.exists(topic)) === 0) return true;
  const { length, "entries-added": added } = await client.xInfoStream(topic);
  return length === added;
}

/** Whether an id (milliseconds and sequence) is greater than another. */
function isAfter(id: string, other: string): boolean {
  const [ms, sequence] = id.split("-").map(BigInt);
  const [otherMs, otherSequence] = other.split("-").map(BigInt);
  return ms! > otherMs! || (ms === otherMs && sequence! > otherSequence!);
}
