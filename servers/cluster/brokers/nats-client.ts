/** A connection to NATS as both of its brokers need it. */
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import type { NatsConnection } from "@nats-io/transport-node";
import { addressesOf, firstOf } from "../broker/addresses.ts";
import type { SessionContext } from "../broker/session.ts";

const connectWaitMs = 5000;
const greetingWaitMs = 2000;
/** The link asks more often itself. */
const pingIntervalMs = 60_000;

/** A connection that works, of which the session hears when it ends; closed when opening is aborted. */
export async function natsConnection({ url, node, signal, lost }: SessionContext): Promise<NatsConnection> {
  // Optional to install, and only nodes that use it wait for it to load.
  const { connect } = await import("@nats-io/transport-node");
  const host = await firstOf(addressesOf(url, node), async ({ host, hostname, port }) => {
    // One that hangs must not keep the node from the others.
    await greeting(hostname, Number(port), AbortSignal.any([signal, AbortSignal.timeout(greetingWaitMs)]));
    return host;
  });
  const nats = await connect({
    servers: host,
    name: node,
    // The library's own would empty its queue of publications without a word at every try.
    reconnect: false,
    timeout: connectWaitMs,
    pingInterval: pingIntervalMs,
    ignoreClusterUpdates: true,
  });
  void nats.closed().then(lost);
  const close = (): void => void nats.close().catch(() => {});
  if (signal.aborted) close();
  else signal.addEventListener("abort", close, { once: true });
  return nats;
}

/**
 * Resolves when the server says its first line. The library cannot be told to stop connecting, and when a server that
 * hangs makes it give up it leaves the socket open.
 */
async function greeting(host: string, port: number, signal: AbortSignal): Promise<void> {
  const socket = connectTcp({ host, port, signal });
  try {
    await once(socket, "data", { signal });
  } finally {
    socket.on("error", () => {}).destroy();
  }
}
