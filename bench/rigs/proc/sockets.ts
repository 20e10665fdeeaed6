/** The sockets of this host and who holds them. Nothing is known off Linux, or of processes of other users. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { parseTcpSockets, parseUnixConnections, type TcpSocket } from "./process-files.ts";

/** Every TCP socket of this network namespace. */
export const tcpSockets = (): TcpSocket[] =>
  ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => parseTcpSockets(readTable(table)));

/** Inodes of the connected stream sockets of this host that are no TCP. */
export const unixConnections = (): string[] => parseUnixConnections(readTable("/proc/net/unix"));

/** Inodes of the sockets a process holds; empty where it may not be looked into. */
export function socketsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).flatMap(
      (descriptor) => /^socket:\[(\d+)\]$/.exec(linkOf(`${folder}/${descriptor}`))?.[1] ?? [],
    );
  } catch {
    return [];
  }
}

function readTable(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
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
