/** Which process of this host serves an address: how the cost of a server that somebody else started is found. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { parseListeners } from "./process-files.ts";
import { parentOf, processIds } from "./process-use.ts";

/** The processes to look at, or why there are none. */
export type ServerProcesses = { readonly pids: readonly number[] } | { readonly reason: string };

/** By the port of a URL that names this host. Never throws. */
export function serverAt(url: string): ServerProcesses {
  const { hostname, port, protocol } = new URL(url);
  if (!isThisHost(hostname)) return { reason: `${hostname} is another host` };
  if (process.platform !== "linux") return { reason: "only Linux tells what a process of somebody else uses" };
  const number = Number(port) || defaultPorts[protocol];
  if (number === undefined) return { reason: "the URL names no port" };
  const pids = listenersOf(number);
  return pids.length > 0 ? { pids } : { reason: `no process that this user may look into listens on port ${number}` };
}

const defaultPorts: Readonly<Record<string, number>> = { "http:": 80, "ws:": 80, "https:": 443, "wss:": 443 };

function isThisHost(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, "");
  if (address === "localhost" || address.endsWith(".localhost") || address.startsWith("127.")) return true;
  return Object.values(networkInterfaces()).some((all) => all?.some((own) => own.address === address));
}

/**
 * The processes that hold a TCP socket listening on `port`, without those whose parent does too: of a server with
 * workers, its master. Empty where there is none, or where it belongs to another user or network namespace.
 */
export function listenersOf(port: number): number[] {
  const inodes = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => parseListeners(readTable(table), port));
  const links = new Set(inodes.map((inode) => `socket:[${inode}]`));
  if (links.size === 0) return [];
  const holders = new Set(processIds().filter((pid) => holdsOneOf(pid, links)));
  // Socket activation leaves the socket open in the init process, which is not the server.
  if (holders.size > 1) holders.delete(1);
  return [...holders].filter((pid) => !holders.has(parentOf(pid) ?? 0));
}

function readTable(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function holdsOneOf(pid: number, links: ReadonlySet<string>): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((descriptor) => links.has(linkOf(`${folder}/${descriptor}`)));
  } catch {
    return false;
  }
}

/** A descriptor may be closed while the folder is read. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
