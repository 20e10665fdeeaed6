import type { Broker } from "../broker/broker.ts";
import { kafkaBroker } from "./kafka.ts";

/** Kafka on three brokers, `acks=all` and `min.insync.replicas=2` (https://kafka.apache.org/documentation/#replication). */
export const kafkaClusterBroker: Broker = {
  ...kafkaBroker,
  traits: {
    ...kafkaBroker.traits,
    name: "kafka-cluster",
    title: "Kafka, 3 brokers",
    summary: "Apache Kafka on three brokers: acknowledged is what every replica in sync has, and at least two are",
    durability: { fsync: "by the kernel", replicas: 3, acknowledgedBy: 2 },
    component: "kafka-cluster",
  },
};
