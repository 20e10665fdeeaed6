import type { ProtocolServer } from "../../../protocol/contract.ts";
import type { Broker, BrokerStatus } from "../broker/broker.ts";
import { Channel, type Rooming } from "./channel.ts";
import { type ClusterNode, type NodeOptions, startNode } from "./lifecycle.ts";
import { bound } from "./readiness.ts";

export type { ClusterNode } from "./lifecycle.ts";

export interface ClusterNodeOptions extends NodeOptions {
  readonly protocol: ProtocolServer;
  /** `noBroker` for none. */
  readonly broker: Broker;
  readonly brokerUrl: string;
  readonly topic: string;
  readonly consumerGroup?: string;
  /** Absent: there are no rooms. */
  readonly rooms?: Rooming;
  /** Hears of every change after the first. */
  readonly onBrokerStatus?: (status: BrokerStatus) => void;
  /** Connecting to the broker is given up after it, in milliseconds. */
  readonly brokerWaitMs?: number;
}

const defaultBrokerWaitMs = 55_000;

/**
 * One node of the cluster: a protocol's server, the channel behind it, sessions, the link to the broker and the endpoint of
 * the health checks. Resolves when it listens and the broker's subscription is live; what was opened is closed again if
 * not. A broker that is lost later does not end it: publications are rejected, readiness is red until it is back.
 */
export function startClusterNode(options: ClusterNodeOptions): Promise<ClusterNode> {
  const { node, protocol, limits, host, port, sessions, broker } = options;
  return startNode(options, broker.traits.name, async (opened) => {
    const channel = await Channel.open({
      node,
      sessions,
      limits,
      history: broker.traits.history,
      ...(options.rooms !== undefined && { rooms: options.rooms }),
      connect: (listener) =>
        broker.connect({
          url: options.brokerUrl,
          topic: options.topic,
          node,
          ...(options.consumerGroup !== undefined && { consumerGroup: options.consumerGroup }),
          signal: AbortSignal.timeout(options.brokerWaitMs ?? defaultBrokerWaitMs),
          onMessage: listener.onMessage,
          onStatus: (status) => {
            listener.onStatus(status);
            options.onBrokerStatus?.(status);
          },
        }),
    });
    opened(channel);
    const { behaviour } = channel;
    const server = await bound(node, host, port, protocol.listen({ host, port, behaviour, limits }));
    opened(server);
    return { channel, url: server.url };
  });
}
