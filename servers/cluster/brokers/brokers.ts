import { WirebenchError } from "../../../protocol/errors.ts";
import type { Broker } from "../broker/broker.ts";
import { jetstreamBroker } from "./jetstream.ts";
import { kafkaBroker } from "./kafka.ts";
import { memoryBroker } from "./memory.ts";
import { natsBroker } from "./nats.ts";
import { redisBroker } from "./redis.ts";
import { redisStreamsBroker } from "./redis-streams.ts";

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
