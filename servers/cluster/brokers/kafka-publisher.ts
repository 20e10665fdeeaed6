/**
 * Publishes in order, with several requests on the way: the broker answers them in turn, and knows the sequence number of
 * each message (an idempotent producer), so that none is taken before the one ahead of it or twice.
 */
import { ProduceAcks, Producer } from "@platformatic/kafka";
import type { SessionContext } from "../broker/session.ts";
import { clientOptions, has, type KafkaProducer, retryMs } from "./kafka-client.ts";

/** Of one request; below the broker's default `message.max.bytes` of 1 MiB, unless a single message is larger. */
const requestBytesMax = 512 * 1024;
/** The most for which a broker remembers sequence numbers, and what Kafka's own producer has by default. */
const requestsInFlightMax = 5;

interface Waiting {
  readonly value: Buffer;
  resolve(): void;
  reject(error: unknown): void;
}

export class KafkaPublisher {
  readonly #producer: KafkaProducer;
  readonly #topic: string;
  readonly #partitions: number;
  readonly #lost: () => void;
  readonly #waiting: Waiting[] = [];
  #scheduled = false;
  #inFlight = 0;
  #count = 0;

  constructor(context: SessionContext, partitions: number) {
    this.#topic = context.topic;
    this.#partitions = partitions;
    this.#lost = context.lost;
    // Not idempotent by itself: the library would then have one request on the way, and repeat it without end.
    this.#producer = new Producer({
      ...clientOptions(context),
      repeatOnStaleMetadata: false,
      maxInflights: requestsInFlightMax,
    });
  }

  /** Resolves when the broker has given it an id, by which it knows the sequence of its messages. */
  async open(signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        await this.#producer.initIdempotentProducer({});
        return;
      } catch (error) {
        // A broker that has just started asks its controller for ids to give out.
        if (!has(error, "COORDINATOR_LOAD_IN_PROGRESS") && !has(error, "COORDINATOR_NOT_AVAILABLE")) throw error;
        signal.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }

  /** Resolves when every replica in sync has the message. Several partitions are used in turn. */
  publish(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ value: Buffer.from(text), resolve, reject });
      if (this.#scheduled) return;
      this.#scheduled = true;
      // After this turn, so that all it publishes leaves together.
      queueMicrotask(() => {
        this.#scheduled = false;
        this.#sendAll();
      });
    });
  }

  /** Resolves when the broker answered. */
  async check(): Promise<void> {
    await this.#producer.metadata({ topics: [this.#topic], forceUpdate: true });
  }

  async close(): Promise<void> {
    await this.#producer.close();
  }

  #sendAll(): void {
    while (this.#waiting.length > 0 && this.#inFlight < requestsInFlightMax) {
      void this.#send(this.#waiting.splice(0, this.#fitting()));
    }
  }

  async #send(batch: readonly Waiting[]): Promise<void> {
    this.#inFlight++;
    const messages = batch.map(({ value }) => ({
      topic: this.#topic,
      partition: this.#count++ % this.#partitions,
      value,
    }));
    try {
      // With each request: the library does not look at what the producer was made with.
      await this.#producer.send({ messages, idempotent: true, acks: ProduceAcks.ALL });
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error);
      // What follows has sequence numbers that the broker no longer expects; the next session begins with new ones.
      this.#lost();
    } finally {
      this.#inFlight--;
      this.#sendAll();
    }
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
