/** Connections to Redis as both of its brokers need them. */
import type { SessionContext } from "../broker/session.ts";

const connectWaitMs = 5000;

/**
 * Never connected. Others are made from it, since the library builds a class of 400 commands for every new option; and
 * it takes a fifth of a second to load, so only nodes that use it do.
 */
async function makeTemplate() {
  const { createClient } = await import("@redis/client");
  return createClient({
    disableOfflineQueue: true,
    disableClientInfo: true,
    // The link decides how long a broker is waited for. By default what could not be written for 5 s is given up.
    commandOptions: { timeout: 0 },
    // Extensions of the vendor's cloud.
    maintNotifications: "disabled",
  });
}

let template: ReturnType<typeof makeTemplate> | undefined;

export type RedisClient = Awaited<ReturnType<typeof makeTemplate>>;

/** A connection that works, of which the session hears when it ends; destroyed when opening is aborted. */
export async function redisClient({ url, node, signal, lost }: SessionContext, role: string): Promise<RedisClient> {
  template ??= makeTemplate();
  const client = (await template).duplicate({
    url,
    name: `${node}-${role}`,
    // One try, and no queue behind a lost connection: the link begins anew with fresh ones.
    socket: { reconnectStrategy: false, connectTimeout: connectWaitMs },
  });
  client.on("error", lost);
  const destroy = (): void => client.destroy();
  signal.addEventListener("abort", destroy, { once: true });
  // Destroyed while the kernel connects, the library would go on with the handshake all the same.
  client.on("connect", () => {
    if (signal.aborted) destroy();
  });
  try {
    await client.connect();
    return client;
  } catch (error) {
    client.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", destroy);
  }
}
