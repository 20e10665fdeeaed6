/**
 * What the Linux kernel tells of a process to others on its host, so also of programs we did not write: proc(5) and the
 * kernel's Documentation/scheduler/sched-stats.rst. Pure readings of those files' texts.
 */
import { endianness } from "node:os";

/** Ticks of `/proc/PID/stat` are 10 ms on every Linux that Node.js runs on (USER_HZ, time(7)). */
export const tickUs = 10_000;

export interface ProcessStat {
  readonly parentPid: number;
  /** User and system time of all its threads, those that have ended included, in whole ticks. */
  readonly cpuUs: number;
}

/** `/proc/PID/stat`. The command name may hold spaces and brackets, so fields are counted from its last bracket. */
export function parseStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, parentPid] = fields;
  if (state === undefined || parentPid === undefined) throw new RangeError("expected the text of /proc/PID/stat");
  return { parentPid: Number(parentPid), cpuUs: (Number(fields[11]) + Number(fields[12])) * tickUs };
}

/** `/proc/PID/task/TID/schedstat`: nanoseconds a thread ran, here as microseconds; 0 where the kernel keeps no such book. */
export const parseSchedstat = (text: string): number => Number(text.split(" ")[0]) / 1000;

/** The same file: how long a thread ran, and how long it was runnable and waited for a core. */
export function parseCoreTimes(text: string): { ranNs: number; waitedNs: number } {
  const [ranNs, waitedNs] = text.split(" ");
  return { ranNs: Number(ranNs), waitedNs: Number(waitedNs) };
}

/** `/proc/PID/task/TID/status`: how often a thread gave up its processor because it had nothing to do, since it began. */
export const parseSleeps = (text: string): number => Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(text)?.[1]);

/** A field of `/proc/PID/status` or `smaps_rollup` in bytes; both say kB and mean 1024. Undefined where it is missing. */
export function parseKilobytes(text: string, field: string): number | undefined {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
  return found === undefined ? undefined : Number(found) * 1024;
}

/** One end of a TCP connection, or where a socket listens: `address:port`, IPv6 addresses as URLs write them. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export interface TcpSocket {
  readonly state: "listening" | "established" | "other";
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** `0` for one that no process holds, or none yet. */
  readonly inode: string;
}

const states: Readonly<Record<string, TcpSocket["state"]>> = { "0A": "listening", "01": "established" };

/** `/proc/net/tcp` or `tcp6`: every TCP socket of this network namespace. */
export function parseTcpSockets(text: string): TcpSocket[] {
  return text
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [, local, remote, state, , , , , , inode] = line.trim().split(/\s+/);
      if (inode === undefined) return [];
      return [{ state: states[state!] ?? "other", local: endpoint(local!), remote: endpoint(remote!), inode }];
    });
}

function endpoint(text: string): Endpoint {
  const [address, port] = text.split(":");
  return { address: readableAddress(address!), port: Number.parseInt(port!, 16) };
}

/** The kernel prints an address as 32-bit words in its own byte order. IPv4 in IPv6 is given as the IPv4 it is. */
function readableAddress(hex: string): string {
  const bytes = [...hex.matchAll(/.{8}/g)].flatMap(([word]) => {
    const inOrder = [...Buffer.from(word, "hex")];
    return endianness() === "LE" ? inOrder.reverse() : inOrder;
  });
  const mapped = bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255;
  if (bytes.length === 4 || mapped) return bytes.slice(-4).join(".");
  const groups = Array.from({ length: 8 }, (_, group) =>
    (bytes[2 * group]! * 256 + bytes[2 * group + 1]!).toString(16),
  );
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

const streamSocket = "0001";
const connected = "03";

/** `/proc/net/unix`: inodes of the stream sockets that are connected. */
export function parseUnixConnections(text: string): string[] {
  return text
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [, , , , type, state, inode] = line.trim().split(/\s+/);
      return type === streamSocket && state === connected && inode !== undefined ? [inode] : [];
    });
}
