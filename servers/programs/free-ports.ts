import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/**
 * Loopback ports that were free a moment ago, all different. Whoever gets one must listen soon: until then nothing
 * keeps another program from taking it.
 */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port!;
}
