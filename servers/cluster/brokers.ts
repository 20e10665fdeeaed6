import { WirebenchError } from "../../bench/errors.ts";
import type { Broker } from "./broker.ts";
import { jetstreamBroker } from "./brokers/jetstream.ts";
import { kafkaBroker } from "./brokers/kafka.ts";
import { memoryBroker } from "./brokers/memory.ts";
import { natsBroker } from "./brokers/nats.ts";
import { redisBroker } from "./brokers/redis.ts";
import { redisStreamsBroker } from "./brokers/redis-streams.ts";

/** Every broker wirebench knows, in report order: our own first. */
export const brokers: readonly Broker[] = [
  memoryBroker,
  redisBroker,
  redisStreamsBroker,
  natsBroker,
  jetstreamBroker,
  kafkaBroker,
];

export const brokerNames: readonly string[] = brokers.map(({ traits }) => traits.name);

/** Throws `usage` and lists what exists. */
export function brokerNamed(name: string): Broker {
  const found = brokers.find(({ traits }) => traits.name === name);
  if (found === undefined) {
    throw new WirebenchError("usage", `unknown broker "${name}": expected one of ${brokerNames.join(", ")}`);
  }
  return found;
}
