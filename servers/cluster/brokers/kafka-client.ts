/** What every use of Kafka here needs: clients that do not retry by themselves, a topic, its ends, its records. */
import { Admin, type BaseOptions, Consumer, ListOffsetTimestamps, type Producer } from "@platformatic/kafka";
import { WirebenchError } from "../../../protocol/errors.ts";
import type { BrokerMessage } from "../broker/broker.ts";
import type { SessionContext } from "../broker/session.ts";

/** Far above what one node publishes between two checks of the retention, which Kafka does every five minutes. */
const topicConfigs = [
  { name: "retention.bytes", value: String(1024 ** 3) },
  { name: "retention.ms", value: String(60 * 60 * 1000) },
];
/** Replicas as `default.replication.factor` of the brokers has it (KIP-464). */
const asConfigured = -1;
export const retryMs = 50;
const requestWaitMs = 5000;
/** How long the broker holds a fetch open while there is nothing: the pause before a session sees that it ended. */
const fetchWaitMs = 50;
const fetchBytesMax = 1024 * 1024;

/** Without retries: a request that failed is the end of the session, and the link begins anew. */
export function clientOptions({ url, node }: { url: string; node: string }): BaseOptions {
  return {
    clientId: node,
    bootstrapBrokers: url.replace(/^kafka:\/\//, "").split(","),
    connectTimeout: requestWaitMs,
    timeout: requestWaitMs,
    requestTimeout: requestWaitMs,
    retries: 0,
    autocreateTopics: false,
  };
}

/** Resolves when the topic is there, whichever node made it, and every partition has a leader. */
export async function ensureTopic(context: SessionContext, partitions: number): Promise<void> {
  const { topic, signal } = context;
  const admin = new Admin(clientOptions(context));
  const close = (): void => void admin.close().catch(() => {});
  signal.addEventListener("abort", close, { once: true });
  try {
    signal.throwIfAborted();
    await admin
      .createTopics({ topics: [topic], partitions, replicas: asConfigured, configs: topicConfigs })
      .catch((error: unknown) => {
        if (!has(error, "TOPIC_ALREADY_EXISTS")) throw error;
      });
    while (!(await hasLeaders(admin, topic, partitions))) {
      signal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  } finally {
    signal.removeEventListener("abort", close);
    await admin.close();
  }
}

async function hasLeaders(admin: Admin, topic: string, partitions: number): Promise<boolean> {
  try {
    const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true });
    const found = topics.get(topic);
    return found?.partitionsCount === partitions && found.partitions.every(({ leader }) => leader >= 0);
  } catch (error) {
    // Right after its creation the topic is not yet known everywhere; of that the library keeps no more than a sentence.
    if (error instanceof Error && error.message === `Unknown topic ${topic}.`) return false;
    if (has(error, "UNKNOWN_TOPIC_OR_PARTITION") || has(error, "LEADER_NOT_AVAILABLE")) return false;
    throw error;
  }
}

/** Whether an error of the library has an answer of the broker in it, by its name in the protocol. */
export function has(error: unknown, apiId: string): boolean {
  if (error instanceof AggregateError && error.errors.some((each) => has(each, apiId))) return true;
  if (!(error instanceof Error)) return false;
  return (error as { apiId?: unknown }).apiId === apiId || (error.cause !== undefined && has(error.cause, apiId));
}

export type KafkaProducer = Producer<Buffer, Buffer, Buffer, Buffer>;

/** Reads the one partition of a topic from offsets of its own, without a group and so without its rebalances. */
export class PartitionReader {
  readonly #consumer: Consumer<Buffer, Buffer, Buffer, Buffer>;
  readonly #topic: string;

  constructor(context: SessionContext) {
    this.#topic = context.topic;
    this.#consumer = new Consumer({
      ...clientOptions(context),
      // Asked for by the library; no group is ever joined under this name.
      groupId: context.node,
      minBytes: 1,
      maxBytes: fetchBytesMax,
      maxWaitTime: fetchWaitMs,
    });
    this.#consumer.topics.track(this.#topic);
  }

  /** Offsets of the oldest message kept and of the next one to come. */
  async ends(): Promise<{ first: bigint; next: bigint }> {
    const topics = [this.#topic];
    const earliest = await this.#consumer.listOffsets({ topics, timestamp: ListOffsetTimestamps.EARLIEST });
    const latest = await this.#consumer.listOffsets({ topics, timestamp: ListOffsetTimestamps.LATEST });
    const [first, next] = [earliest.get(this.#topic)?.[0], latest.get(this.#topic)?.[0]];
    if (first === undefined || next === undefined) throw new WirebenchError("connect-failed", "Kafka gave no offsets");
    return { first, next };
  }

  /** The same of a topic that may have been made just now: its leader hears of that last. */
  async endsOnceServed(signal: AbortSignal): Promise<{ first: bigint; next: bigint }> {
    for (;;) {
      try {
        return await this.ends();
      } catch (error) {
        const notYet = has(error, "UNKNOWN_TOPIC_OR_PARTITION") || has(error, "NOT_LEADER_OR_FOLLOWER");
        if (!notYet || signal.aborted) throw error;
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }

  /** Waits a moment for messages from an offset on; gives those that came and the offset to ask for then. */
  async read(offset: bigint): Promise<{ messages: BrokerMessage[]; next: bigint }> {
    const { topics } = await this.#consumer.metadata({ topics: [this.#topic] });
    const topic = topics.get(this.#topic);
    const leader = topic?.partitions[0]?.leader;
    if (topic === undefined || leader === undefined) throw new WirebenchError("connect-failed", "Kafka lost the topic");
    const partition = {
      partition: 0,
      currentLeaderEpoch: -1,
      fetchOffset: offset,
      lastFetchedEpoch: -1,
      partitionMaxBytes: fetchBytesMax,
    };
    const response = await this.#consumer.fetch({
      node: leader,
      topics: [{ topicId: topic.id, partitions: [partition] }],
    });
    const messages: BrokerMessage[] = [];
    let next = offset;
    for (const { records } of response.responses.flatMap((each) => each.partitions)) {
      for (const batch of records ?? []) {
        for (const { offsetDelta, value } of batch.records) {
          const at = batch.firstOffset + BigInt(offsetDelta);
          // A batch is always sent whole, also when it began before what was asked for.
          if (at < offset) continue;
          // Nobody here publishes without a value, and control records have bytes of their own.
          if (value !== null && (batch.attributes & controlFlag) === 0) {
            messages.push({ text: value.toString(), position: String(at) });
          }
        }
        const end = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
        if (end > next) next = end;
      }
    }
    return { messages, next };
  }

  async close(): Promise<void> {
    await this.#consumer.close(true);
  }
}

/** Bit of a record batch's attributes (https://kafka.apache.org/documentation/#recordbatch). */
const controlFlag = 1 << 5;
