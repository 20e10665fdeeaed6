/** The classic mistake: nodes of one consumer group share the messages, so that each reaches the users of one node. */
import { Consumer, MessagesStreamFallbackModes, MessagesStreamModes } from "@platformatic/kafka";
import type { OpenSession } from "../broker/session.ts";
import { clientOptions, ensureTopic } from "./kafka-client.ts";
import { KafkaPublisher } from "./kafka-publisher.ts";

/** Enough that every member of a group gets some. */
const partitions = 8;
/** The least Kafka's default `group.min.session.timeout.ms` allows: a dead member holds its partitions so long. */
const sessionTimeoutMs = 6000;
const heartbeatIntervalMs = 1000;
const fetchWaitMs = 50;
const joinTriesMax = 50;
const joinRetryMs = 200;

export const openInGroup: OpenSession = async (context) => {
  await using opened = new AsyncDisposableStack();
  const { topic, consumerGroup } = context;
  await ensureTopic(context, partitions);
  const publisher = opened.adopt(new KafkaPublisher(context, partitions), (each) => each.close());
  await publisher.open(context.signal);
  const consumer = opened.adopt(
    new Consumer({
      ...clientOptions(context),
      // The first group of a broker has to wait until that has made the topic for all groups' offsets.
      retries: joinTriesMax,
      retryDelay: joinRetryMs,
      groupId: consumerGroup!,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: sessionTimeoutMs,
      heartbeatInterval: heartbeatIntervalMs,
    }),
    (each) => each.close(true),
  );
  const closeNow = (): void => void consumer.close(true).catch(() => {});
  context.signal.addEventListener("abort", closeNow, { once: true });
  try {
    const stream = await consumer.consume({
      topics: [topic],
      // A partition that changes hands goes on where its last reader was; the topic is new, so its beginning is now.
      mode: MessagesStreamModes.COMMITTED,
      fallbackMode: MessagesStreamFallbackModes.EARLIEST,
      autocommit: true,
      minBytes: 1,
      maxWaitTime: fetchWaitMs,
    });
    stream.on("error", context.lost);
    stream.on("close", context.lost);
    stream.on("data", ({ value }) => {
      if (value != null) context.deliver({ text: value.toString() });
    });
  } finally {
    context.signal.removeEventListener("abort", closeNow);
  }
  const all = opened.move();
  return {
    // Several partitions have several positions, and the group keeps them.
    position: undefined,
    gap: false,
    publish: (text) => publisher.publish(text),
    check: () => publisher.check(),
    end: () => all.disposeAsync(),
  };
};
