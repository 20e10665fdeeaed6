import { nowNs } from "../../../protocol/clock.ts";
import { type CpuSource, type CpuTime, cpuTime } from "./process-use.ts";

export interface CpuUse {
  readonly cpuUs: number;
  readonly source: CpuSource;
  /** Of the thread that used most; absent where threads cannot be told apart. */
  readonly busiestThreadCpuUs?: number;
}

interface Sample {
  readonly atNs: number;
  readonly byPid: ReadonlyMap<number, CpuTime>;
}

/** CPU time of some processes between two instants, read from outside: two looks into /proc, and no work in between. */
export class CpuMeter {
  /** Settles when the last sample is taken. */
  readonly ended: Promise<void>;
  readonly #pids: readonly number[];
  readonly #plannedNs: number;
  #start: Sample | undefined;
  #end: Sample | undefined;

  /** Takes its two samples by itself. Processes started after that are not in it. */
  constructor(pids: readonly number[], { startNs, endNs }: { readonly startNs: number; readonly endNs: number }) {
    this.#pids = pids;
    this.#plannedNs = endNs - startNs;
    // Unreferenced, or an interrupted run would wait for the end of its window.
    const sampleAt = (atNs: number, keep: (sample: Sample) => void): unknown =>
      setTimeout(() => keep(this.#sample()), Math.max(0, (atNs - nowNs()) / 1e6)).unref();
    sampleAt(startNs, (sample) => {
      this.#start = sample;
    });
    this.ended = new Promise((resolve) => {
      sampleAt(endNs, (sample) => {
        this.#end = sample;
        resolve();
      });
    });
  }

  /**
   * Undefined where no process could be seen at both instants. A timer is late by a millisecond, on a busy machine by
   * more, so the time is given for the planned stretch at the pace of the one that was seen. What was cut short is
   * read up to now.
   */
  read(): CpuUse | undefined {
    const end = this.#end ?? this.#sample();
    const start = this.#start ?? end;
    const seen = [...end.byPid].flatMap(([pid, { cpuUs, source, byThread }]) => {
      const before = start.byPid.get(pid);
      if (before?.source !== source) return [];
      const threadsUs = [...byThread].map(([thread, us]) => us - (before.byThread.get(thread) ?? 0));
      return [{ cpuUs: cpuUs - before.cpuUs, source, threadsUs }];
    });
    if (seen.length === 0) return undefined;
    const cpuUs = seen.reduce((sum, use) => sum + use.cpuUs, 0);
    const pace = this.#end === undefined || end.atNs === start.atNs ? 1 : this.#plannedNs / (end.atNs - start.atNs);
    // Counters of threads that ended in between are gone from the sum.
    const threadsUs = seen.flatMap((use) => use.threadsUs);
    return {
      cpuUs: Math.max(0, cpuUs * pace),
      source: seen[0]!.source,
      ...(threadsUs.length > 0 && { busiestThreadCpuUs: Math.max(0, ...threadsUs) * pace }),
    };
  }

  #sample(): Sample {
    const entries = this.#pids.flatMap((pid) => {
      const use = cpuTime(pid);
      return use === undefined ? [] : [[pid, use] as const];
    });
    return { atNs: nowNs(), byPid: new Map(entries) };
  }
}
