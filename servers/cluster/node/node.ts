import { setTimeout as wait } from "node:timers/promises";
import type { Limits, ProtocolServer } from "../../../protocol/contract.ts";
import { WirebenchError } from "../../../protocol/errors.ts";
import type { Broker, BrokerStatus } from "../broker/broker.ts";
import { Channel, type ChannelCounts, type Rooming } from "./channel.ts";
import type { Custody } from "./custody.ts";
import { bound, listenReadiness } from "./readiness.ts";
import type { SessionStore } from "./sessions.ts";

export interface ClusterNodeOptions {
  /** Unique in the cluster. */
  readonly node: string;
  readonly protocol: ProtocolServer;
  readonly limits: Limits;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly readyPort: number;
  /** `noBroker` for none. */
  readonly broker: Broker;
  readonly brokerUrl: string;
  readonly topic: string;
  readonly consumerGroup?: string;
  /** Absent: there are no rooms. */
  readonly rooms?: Rooming;
  /** The node closes it in the end, also when it does not start. */
  readonly sessions: SessionStore;
  /** Hears of every change after the first. */
  readonly onBrokerStatus?: (status: BrokerStatus) => void;
  /** Connecting to the broker is given up after it, in milliseconds. */
  readonly brokerWaitMs?: number;
}

export interface ClusterNode {
  /** Where users connect. */
  readonly url: string;
  /** Answers 200 only while the broker's subscription is live and readiness was not withdrawn. */
  readonly readyUrl: string;
  readonly counts: ChannelCounts & { readonly brokerLive: boolean };
  readonly custody: Pick<Custody, "answer">;
  /** Withdraws readiness, or lets it be as it should. */
  setReady(ready: boolean): void;
  /**
   * Tells so many users per second to move and closes their connections (`restart`), those who come meanwhile
   * included; resolves when none is left. Rejects with `usage` for a rate that is none.
   */
  drain(perSecond: number): Promise<void>;
  /** Drops every connection; resolves when nothing is left open. Idempotent, never rejects. */
  close(): Promise<void>;
}

const defaultBrokerWaitMs = 15_000;
const drainTickMs = 10;

/**
 * One node of the cluster: a protocol's server, the channel behind it, sessions, the link to the broker and the endpoint of
 * the health checks. Resolves when it listens and the broker's subscription is live; what was opened is closed again if
 * not. A broker that is lost later does not end it: publications are rejected, readiness is red until it is back.
 */
export async function startClusterNode(options: ClusterNodeOptions): Promise<ClusterNode> {
  const { node, protocol, limits, host, sessions, broker } = options;
  let channel: Channel | undefined;
  let withdrawn = false;
  let closed: Promise<void> | undefined;
  const opened: { close(): Promise<void> }[] = [sessions];

  /** In reverse, so that users hear of the end before what they stand on goes. */
  async function closeAll(): Promise<void> {
    for (const resource of opened.splice(0).reverse()) await resource.close();
  }

  function unready(): string | undefined {
    if (withdrawn) return "readiness was withdrawn";
    if (channel === undefined) return `connecting to the broker (${broker.traits.name})`;
    return channel.brokerLive ? undefined : `the broker's subscription is not live (${broker.traits.name})`;
  }

  try {
    const { readyPort, port } = options;
    const readiness = await bound(
      `the readiness endpoint of ${node}`,
      host,
      readyPort,
      listenReadiness({ host, port: readyPort, limits, unready }),
    );
    opened.push(readiness);
    channel = await Channel.open({
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
    opened.push(channel);
    const { behaviour } = channel;
    const server = await bound(node, host, port, protocol.listen({ host, port, behaviour, limits }));
    opened.push(server);
    return running(channel, server.url, readiness.url);
  } catch (error) {
    await closeAll();
    throw error;
  }

  function running(channel: Channel, url: string, readyUrl: string): ClusterNode {
    return {
      url,
      readyUrl,
      get counts() {
        return { ...channel.counts, brokerLive: channel.brokerLive };
      },
      custody: channel.custody,
      setReady(ready) {
        withdrawn = !ready;
      },
      async drain(perSecond) {
        if (!(perSecond > 0)) throw new WirebenchError("usage", `expected users per second, got ${perSecond}`);
        const startMs = performance.now();
        const told = new WeakSet<object>();
        let moved = 0;
        while (closed === undefined && channel.counts.users > 0) {
          const due = Math.floor(((performance.now() - startMs) * perSecond) / 1000) + 1;
          for (const user of channel.users) {
            if (moved >= due) break;
            if (told.has(user)) continue;
            told.add(user);
            moved += 1;
            user.move();
          }
          await wait(drainTickMs);
        }
      },
      close() {
        closed ??= closeAll();
        return closed;
      },
    };
  }
}
