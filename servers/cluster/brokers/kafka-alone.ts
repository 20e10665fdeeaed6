/** A node that reads Kafka by itself, from a position of its own: no consumer group, no rebalance. */
import { type BrokerMessage, replayMessagesMax } from "../broker/broker.ts";
import type { OpenSession, SessionContext } from "../broker/session.ts";
import { ensureTopic, PartitionReader } from "./kafka-client.ts";
import { KafkaPublisher } from "./kafka-publisher.ts";

/** Only within a partition there is an order. */
const partitions = 1;
const positionShape = /^(-1|\d{1,18})$/;

/** A position is the offset of a message; `-1` is before the first. */
export const openAlone: OpenSession = async (context) => {
  await using opened = new AsyncDisposableStack();
  await ensureTopic(context, partitions);
  const publisher = opened.adopt(new KafkaPublisher(context, partitions), (each) => each.close());
  const reader = opened.adopt(new PartitionReader(context), (each) => each.close());
  await publisher.open(context.signal);
  const { first, next } = await reader.endsOnceServed(context.signal);
  const asked = context.after === undefined ? next : BigInt(context.after) + 1n;
  // Beyond the end: the topic is another one, and all of it is new. Otherwise what is left is read.
  const start = asked < first || asked > next ? first : asked;
  const replays = opened.adopt(new Replays(context), (each) => each.close());
  const all = opened.move();
  return {
    position: String(start - 1n),
    gap: start !== asked,
    start: () => void readOn(reader, context, start).catch(context.lost),
    publish: (text) => publisher.publish(text),
    replay: async (position) => (positionShape.test(position) ? await replays.after(BigInt(position) + 1n) : undefined),
    check: () => publisher.check(),
    end: () => all.disposeAsync(),
  };
};

/** Reads until a request fails: because the broker is gone, or because what comes next is no longer there. */
async function readOn(reader: PartitionReader, context: SessionContext, start: bigint): Promise<never> {
  for (let offset = start; ; ) {
    const { messages, next } = await reader.read(offset);
    messages.forEach(context.deliver);
    offset = next;
  }
}

/** One after the other over one connection, which is made when it is needed first. */
class Replays {
  readonly #context: SessionContext;
  #reader: PartitionReader | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(context: SessionContext) {
    this.#context = context;
  }

  after(offset: bigint): Promise<readonly BrokerMessage[] | undefined> {
    const replay = this.#last.then(() => this.#read(offset));
    this.#last = replay.catch(() => {});
    return replay;
  }

  async close(): Promise<void> {
    await this.#reader?.close();
  }

  async #read(start: bigint): Promise<readonly BrokerMessage[] | undefined> {
    this.#reader ??= new PartitionReader(this.#context);
    const { first, next } = await this.#reader.ends();
    if (start < first || start > next || next - start > replayMessagesMax) return undefined;
    const missed: BrokerMessage[] = [];
    for (let offset = start; offset < next; ) {
      const read = await this.#reader.read(offset);
      missed.push(...read.messages.filter(({ position }) => BigInt(position!) < next));
      offset = read.next;
    }
    return missed;
  }
}
