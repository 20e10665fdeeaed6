import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { nowNs } from "../../protocol/clock.ts";
import { seededRandom } from "../../protocol/random.ts";

/** How many ports below those for outgoing connections are drawn from. */
const range = 16_384;
const triesPerPort = 20;

/**
 * Loopback ports that were free a moment ago, all different. Whoever gets one may listen late, as a node that joins later
 * or is started again does: on Linux they are drawn from below the ports that the kernel gives to outgoing connections, or one
 * of these would take it meanwhile.
 */
export async function freePorts(count: number): Promise<number[]> {
  const random = seededRandom(process.pid, nowNs() % 2 ** 32);
  const end = outgoingPortsFrom();
  const servers: Server[] = [];
  for (let tries = 0; servers.length < count; tries++) {
    const drawn = end === undefined || tries > count * triesPerPort ? 0 : end - 1 - Math.floor(random() * range);
    const server = await listening(drawn);
    if (server !== undefined) servers.push(server);
  }
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port!;
}

/** Undefined for a port that is taken. */
async function listening(port: number): Promise<Server | undefined> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return server;
  } catch (error) {
    if (port !== 0) return undefined;
    throw error;
  }
}

/** The first of them (kernel documentation, ip-sysctl: ip_local_port_range); undefined where that leaves no room below, or off Linux. */
function outgoingPortsFrom(): number | undefined {
  try {
    const first = Number.parseInt(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8"), 10);
    return first > range + 1024 ? first : undefined;
  } catch {
    return undefined;
  }
}
