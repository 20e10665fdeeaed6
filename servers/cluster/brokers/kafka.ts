import type { Broker } from "../broker/broker.ts";
import { configured } from "../broker/configurations.ts";
import { BrokerLink } from "../broker/link.ts";

/** Apache Kafka (https://kafka.apache.org/documentation/): one topic of one partition, read by every node on its own. */
export const kafkaBroker: Broker = {
  traits: {
    name: "kafka",
    title: "Kafka",
    summary: "Apache Kafka: a log that every node reads from its own offset",
    delivery: "at-least-once",
    history: true,
    order: "total",
    polled: true,
    durability: { fsync: "by the kernel", replicas: 1, acknowledgedBy: 1 },
    component: "kafka",
    libraries: ["@platformatic/kafka"],
  },
  // Kafka's client alone takes half a second to load: only nodes that use it wait for that.
  connect: (options) =>
    BrokerLink.connect("Kafka", options, async (context) =>
      options.consumerGroup === undefined
        ? (await import("./kafka-alone.ts")).openAlone(context)
        : (await import("./kafka-group.ts")).openInGroup(context),
    ),
  removeTopics: async (topics) => (await import("./kafka-topics.ts")).deleteKafkaTopics(topics),
};

/** With `log.flush.interval.messages`: unset, as Kafka recommends where there are replicas, and 1. */
export const kafkaBrokers = configured(kafkaBroker, {
  flush: { title: "synced with every write", fsync: "before acknowledging" },
});
