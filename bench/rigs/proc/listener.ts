/** Which process of this host serves an address: how the cost of a server that somebody else started is found. */
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { addressOf } from "../../../protocol/address.ts";
import { parentOf, processIds } from "./process-use.ts";
import { socketsOf, tcpSockets } from "./sockets.ts";

/** The processes to look at and where they listen, or why there are none. */
export type ServerProcesses =
  | { readonly pids: readonly number[]; readonly addresses: readonly string[]; readonly port: number }
  | { readonly reason: string };

const loopback = ["127.0.0.1", "::1"];

/** By the address and port of a URL that names this host. Never throws. */
export function serverAt(url: string): ServerProcesses {
  const { hostname } = new URL(url);
  const { host, port } = addressOf(url);
  const addresses = addressesOf(host);
  if (addresses === undefined) return { reason: `${hostname} is another host` };
  if (process.platform !== "linux") return { reason: "only Linux tells what a process of somebody else uses" };
  if (port === 0) return { reason: "the URL names no port" };
  const found = addresses.map((address) => listenersOf(port, address)).filter((pids) => pids.length > 0);
  const [pids, ...others] = found;
  if (pids === undefined) return { reason: `no process that this user may look into listens on port ${port}` };
  if (others.some((other) => other.join() !== pids.join())) {
    return { reason: `one process listens on ${hostname}:${port} for IPv4 and another for IPv6: name the address` };
  }
  return { pids, addresses, port };
}

/** Undefined for another host. */
function addressesOf(name: string): readonly string[] | undefined {
  if (name === "localhost" || name.endsWith(".localhost")) return loopback;
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const isOwn =
    (isIP(name) === 4 && name.startsWith("127.")) ||
    loopback.includes(name) ||
    own.some(({ address }) => address === name);
  return isOwn ? [name] : undefined;
}

/**
 * The processes that hold a TCP socket listening on `port` for connections to `address`, without those whose parent does
 * too: of a server with workers its master, of several that share a port (SO_REUSEPORT) all. As the kernel does, one
 * that listens on that address is preferred to those that listen on any. Empty where there is none, or where it belongs
 * to another user or network namespace.
 */
export function listenersOf(port: number, address: string): number[] {
  const onPort = tcpSockets().filter(({ state, local }) => state === "listening" && local.port === port);
  const exact = onPort.filter(({ local }) => local.address === address);
  // A socket on :: takes IPv4 as well, unless it was told not to, which nobody can see.
  const any = address.includes(":") ? ["::"] : ["0.0.0.0", "::"];
  const chosen = exact.length > 0 ? exact : onPort.filter(({ local }) => any.includes(local.address));
  const inodes = new Set(chosen.map(({ inode }) => inode));
  if (inodes.size === 0) return [];
  const holders = new Set(processIds().filter((pid) => socketsOf(pid).some((inode) => inodes.has(inode))));
  // Socket activation leaves the socket open in the init process, which is not the server.
  if (holders.size > 1) holders.delete(1);
  return [...holders].filter((pid) => !holders.has(parentOf(pid) ?? 0));
}
