/** CPU time and memory of any process of this host, ours or not. Nothing is known off Linux, or where /proc is hidden. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { parseCoreTimes, parseKilobytes, parseSchedstat, parseSleeps, parseStat } from "./process-files.ts";

/**
 * Where a CPU time was read: `schedstat` counts nanoseconds, up to one timer interrupt (1 to 10 ms) behind for a
 * thread that is running; `stat` counts ticks of 10 ms.
 */
export type CpuSource = "schedstat" | "stat";

export interface CpuTime {
  /** User and system time since the process began, all threads together. Children are processes of their own. */
  readonly cpuUs: number;
  readonly source: CpuSource;
  /** The same by thread, where that is known. */
  readonly byThread: ReadonlyMap<string, number>;
}

/** Undefined if there is no such process or it may not be read. */
export function cpuTime(pid: number): CpuTime | undefined {
  const byThread = new Map(threadsOf(pid).map((thread) => [thread, parseSchedstat(read(thread, "schedstat") ?? "0")]));
  const ranUs = [...byThread.values()].reduce((sum, us) => sum + us, 0);
  if (ranUs > 0) return { cpuUs: ranUs, source: "schedstat", byThread };
  const stat = read(String(pid), "stat");
  return stat === undefined ? undefined : { cpuUs: parseStat(stat).cpuUs, source: "stat", byThread: new Map() };
}

export interface ThreadTimes {
  readonly cpuUs: number;
  /** It could have run, and had no processor. */
  readonly waitedUs: number;
  /** How often it went to sleep for want of work, and so was woken up again: voluntary context switches. */
  readonly sleeps: number;
}

/** Of each thread, since it began. Empty if there is no such process or it may not be read. */
export const threadTimes = (pid: number): ReadonlyMap<string, ThreadTimes> =>
  new Map(
    threadsOf(pid).flatMap((thread) => {
      const [status, schedstat] = [read(thread, "status"), read(thread, "schedstat") ?? "0 0"];
      if (status === undefined) return [];
      const { ranNs, waitedNs } = parseCoreTimes(schedstat);
      return [[thread, { cpuUs: ranNs / 1000, waitedUs: waitedNs / 1000, sleeps: parseSleeps(status) }] as const];
    }),
  );

/**
 * Anonymous memory (heap, stacks, buffers) in RAM, in bytes. Not what is mapped from files: code is shared, and grows
 * with what has ever run and not with connections. From `smaps_rollup`, which is exact and shares out what processes
 * of a tree still have in common since a fork; else from `status`, which counts that in each of them and may be some
 * hundred kilobytes behind. Undefined if there is no such process or it may not be read.
 */
export function memoryBytes(pid: number): number | undefined {
  const rollup = read(String(pid), "smaps_rollup");
  const shared = rollup === undefined ? undefined : parseKilobytes(rollup, "Pss_Anon");
  return shared ?? statusBytes(pid, "RssAnon");
}

/** All memory in RAM, shared code included, in bytes. */
export const residentBytes = (pid: number): number | undefined => statusBytes(pid, "VmRSS");

/** Name of the program a process runs; its executable's, since a process may call itself and its threads what it likes. */
export function commandOf(pid: number): string {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, ""));
  } catch {
    // Of another user: the name the kernel keeps, cut off after 15 characters.
    return read(String(pid), "comm")?.trim() || "unknown";
  }
}

/** `pids` and everything they started that still runs, but nothing that this process started itself. */
export function processTree(...pids: readonly number[]): number[] {
  const parents = new Map(processIds().map((pid) => [pid, parentOf(pid)]));
  const belongs = (pid: number): boolean => {
    if (pids.includes(pid)) return true;
    const parent = parents.get(pid);
    return pid !== process.pid && parent !== undefined && parent !== process.pid && belongs(parent);
  };
  return [...parents.keys()].filter(belongs);
}

/** The processes of this host that may be seen; none off Linux. */
export function processIds(): number[] {
  return list("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

export function parentOf(pid: number): number | undefined {
  const stat = read(String(pid), "stat");
  return stat === undefined ? undefined : parseStat(stat).parentPid;
}

const threadsOf = (pid: number): string[] => list(`/proc/${pid}/task`).map((thread) => `${pid}/task/${thread}`);

function statusBytes(pid: number, field: string): number | undefined {
  const status = read(String(pid), "status");
  return status === undefined ? undefined : parseKilobytes(status, field);
}

/** A process may end between two readings, so that a file is gone is an answer. */
function read(process: string, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${process}/${file}`, "utf8");
  } catch {
    return undefined;
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
