import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { addressesOf } from "../broker/addresses.ts";
import type { TopicsOfCluster } from "../broker/broker.ts";

/** The streams of a cluster, and with them their consumers. */
export async function deleteStreams({ url, prefix }: TopicsOfCluster): Promise<void> {
  const nats = await connect({
    servers: addressesOf(url, prefix).map(({ host }) => host),
    maxReconnectAttempts: 0,
  });
  try {
    const { streams } = await jetstreamManager(nats);
    for await (const name of streams.names()) if (name.startsWith(prefix)) await streams.delete(name);
  } finally {
    await nats.close();
  }
}
