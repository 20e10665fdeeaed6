import { named } from "../../../protocol/suggestion.ts";
import type { Broker } from "../broker/broker.ts";
import { jetstreamBrokers } from "./jetstream.ts";
import { jetstreamClusterBroker } from "./jetstream-cluster.ts";
import { kafkaBrokers } from "./kafka.ts";
import { kafkaClusterBroker } from "./kafka-cluster.ts";
import { memoryBroker } from "./memory.ts";
import { mqttBrokers } from "./mqtt.ts";
import { natsBroker } from "./nats.ts";
import { natsClusterBroker } from "./nats-cluster.ts";
import { postgresBroker } from "./postgres.ts";
import { rabbitmqBroker } from "./rabbitmq.ts";
import { redisBroker } from "./redis.ts";
import { redisClusterBroker } from "./redis-cluster.ts";
import { redisSentinelBroker, redisStreamsSentinelBroker } from "./redis-sentinel.ts";
import { redisStreamsBrokers } from "./redis-streams.ts";
import { valkeyBroker } from "./valkey.ts";

/** Every broker wirebench knows, in each of its configurations, in report order: our own first. */
export const brokers: readonly Broker[] = [
  memoryBroker,
  redisBroker,
  ...redisStreamsBrokers,
  natsBroker,
  ...jetstreamBrokers,
  ...kafkaBrokers,
  redisSentinelBroker,
  redisStreamsSentinelBroker,
  redisClusterBroker,
  natsClusterBroker,
  jetstreamClusterBroker,
  kafkaClusterBroker,
  rabbitmqBroker,
  postgresBroker,
  ...mqttBrokers,
  valkeyBroker,
];

export const brokerNames: readonly string[] = brokers.map(({ traits }) => traits.name);

/** Throws `usage` and lists what exists. */
export const brokerNamed = (name: string): Broker => named("broker", name, brokers, ({ traits }) => traits.name);
