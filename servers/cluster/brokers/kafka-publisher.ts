/** Publishes in order: what comes while a request is on the way leaves together in the next one. */
import { ProduceAcks, Producer } from "@platformatic/kafka";
import type { SessionContext } from "../broker/session.ts";
import { clientOptions, type KafkaProducer } from "./kafka-client.ts";

/** Of one request; below the broker's default `message.max.bytes` of 1 MiB, unless a single message is larger. */
const requestBytesMax = 512 * 1024;

interface Waiting {
  readonly value: Buffer;
  resolve(): void;
  reject(error: unknown): void;
}

export class KafkaPublisher {
  readonly #producer: KafkaProducer;
  readonly #topic: string;
  readonly #partitions: number;
  readonly #waiting: Waiting[] = [];
  #sending = false;
  #count = 0;

  constructor(context: SessionContext, partitions: number) {
    this.#topic = context.topic;
    this.#partitions = partitions;
    this.#producer = new Producer({ ...clientOptions(context), repeatOnStaleMetadata: false });
  }

  /** Resolves when every replica in sync has the message. Several partitions are used in turn. */
  publish(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ value: Buffer.from(text), resolve, reject });
      if (!this.#sending) {
        this.#sending = true;
        // After this turn, so that all it publishes leaves together.
        queueMicrotask(() => void this.#send());
      }
    });
  }

  /** Resolves when the broker answered. */
  async check(): Promise<void> {
    await this.#producer.metadata({ topics: [this.#topic], forceUpdate: true });
  }

  async close(): Promise<void> {
    await this.#producer.close();
  }

  /** One request at a time: with more, one that fails before the next would change the order. */
  async #send(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#fitting());
      const messages = batch.map(({ value }) => ({
        topic: this.#topic,
        partition: this.#count++ % this.#partitions,
        value,
      }));
      try {
        // With each request: the library does not look at what the producer was made with.
        await this.#producer.send({ messages, acks: ProduceAcks.ALL });
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#sending = false;
  }

  #fitting(): number {
    let bytes = 0;
    const end = this.#waiting.findIndex(({ value }, i) => {
      bytes += value.byteLength;
      return i > 0 && bytes > requestBytesMax;
    });
    return end < 0 ? this.#waiting.length : end;
  }
}
