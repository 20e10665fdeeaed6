/**
 * What the Linux kernel tells of a process to others on its host, so also of programs we did not write: proc(5) and the
 * kernel's Documentation/scheduler/sched-stats.rst. Pure readings of those files' texts.
 */

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

/** A field of `/proc/PID/status` or `smaps_rollup` in bytes; both say kB and mean 1024. Undefined where it is missing. */
export function parseKilobytes(text: string, field: string): number | undefined {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
  return found === undefined ? undefined : Number(found) * 1024;
}

const listening = "0A";

/** Inodes of the sockets in `/proc/net/tcp` or `tcp6` that listen on `port`, on whichever address. */
export function parseListeners(text: string, port: number): string[] {
  return text
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      const found = state === listening && Number.parseInt(local!.split(":")[1]!, 16) === port;
      return found && inode !== undefined ? [inode] : [];
    });
}
