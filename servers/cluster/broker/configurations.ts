import type { FsyncPolicy } from "../../../protocol/durability.ts";
import type { Broker } from "./broker.ts";

/** What one named configuration of a broker is, beside the plain one. */
export interface BrokerConfiguration {
  /** As a human says it, after the broker's title. */
  readonly title: string;
  /** Absent: as the plain one. */
  readonly fsync?: FsyncPolicy;
  /** Of the nodes' own side, where that is what differs. Absent: as the plain one. */
  readonly connect?: Broker["connect"];
}

/** The broker as it is, and a row for each of its configurations: `redis-streams`, `redis-streams+always` ... */
export function configured(
  broker: Broker,
  configurations: Readonly<Record<string, BrokerConfiguration>>,
): readonly Broker[] {
  const { traits } = broker;
  return [
    broker,
    ...Object.entries(configurations).map(
      ([name, { title, fsync = traits.durability.fsync, connect = broker.connect }]) => ({
        ...broker,
        connect,
        traits: {
          ...traits,
          name: `${traits.name}+${name}`,
          title: `${traits.title}, ${title}`,
          summary: `${traits.summary}; ${title}`,
          durability: { ...traits.durability, fsync },
        },
      }),
    ),
  ];
}

/** Of a broker in any configuration, the name of the plain one. */
export const withoutConfiguration = (name: string): string => name.split("+")[0]!;

export const isPlain = ({ traits: { name } }: Broker): boolean => withoutConfiguration(name) === name;
