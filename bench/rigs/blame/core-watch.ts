/**
 * Whether the processes of a cluster got a core when they wanted one: the kernel counts for every thread how long it ran
 * and how long it was runnable and waited (sched-stats.rst). Read a few times a second; nothing is known off Linux.
 */
import { readdirSync, readFileSync } from "node:fs";
import { nowNs } from "../../../protocol/clock.ts";
import { parseCoreTimes } from "../proc/process-files.ts";
import type { CoreTimes } from "./evidence.ts";

/** `main`: one thread does the work. `all`: any thread may, and the one that waited most counts. */
export interface Watched {
  readonly pids: readonly number[];
  readonly threads: "main" | "all";
}

/** Between two looks, short against the time-outs that are to be explained. */
const lookMs = 200;
/** Programs with many threads are looked at in every so many looks. */
const looksPerThreadScan = 5;
/** Some ten minutes. */
const looksMax = 3000;
const secondNs = 1e9;

/** What passed since the look before. */
interface Look {
  readonly atNs: number;
  readonly sinceNs: number;
  readonly ranNs: number;
  readonly waitedNs: number;
}

interface Reading {
  readonly ranNs: number;
  readonly waitedNs: number;
}

/** Readings of threads by their path in /proc; the clock; tests put in their own. */
export interface CoreWatchParts {
  readonly nowNs: () => number;
  readonly read: (watched: Watched) => ReadonlyMap<string, Reading>;
}

export class CoreWatch implements Disposable {
  readonly #subjects: () => ReadonlyMap<string, Watched>;
  readonly #parts: CoreWatchParts;
  readonly #looks = new Map<string, Look[]>();
  readonly #last = new Map<string, { atNs: number; readings: ReadonlyMap<string, Reading> }>();
  readonly #timer: NodeJS.Timeout;
  #count = 0;

  constructor(subjects: () => ReadonlyMap<string, Watched>, parts: CoreWatchParts = { nowNs, read: readThreads }) {
    this.#subjects = subjects;
    this.#parts = parts;
    this.#timer = setInterval(() => this.look(), lookMs);
    this.#timer.unref();
    this.look("everything");
  }

  look(what?: "everything"): void {
    const scan = what === "everything" || this.#count % looksPerThreadScan === 0;
    this.#count++;
    for (const [name, watched] of this.#subjects()) {
      if (watched.threads === "all" && !scan) continue;
      const atNs = this.#parts.nowNs();
      const readings = this.#parts.read(watched);
      const last = this.#last.get(name);
      this.#last.set(name, { atNs, readings });
      if (last === undefined) continue;
      const looks = this.#looks.get(name) ?? [];
      this.#looks.set(name, looks);
      looks.push({ atNs, sinceNs: last.atNs, ...worstOf(last.readings, readings) });
      if (looks.length > looksMax) looks.shift();
    }
  }

  /** Of the looks that touch the time; undefined where there are none. */
  times(name: string, fromNs: number, toNs: number): CoreTimes | undefined {
    const looks = (this.#looks.get(name) ?? []).filter(({ atNs, sinceNs }) => atNs > fromNs && sinceNs < toNs);
    if (looks.length === 0) return undefined;
    const sum = (pick: (look: Look) => number): number => looks.reduce((total, look) => total + pick(look), 0) / 1e6;
    return { ranMs: sum(({ ranNs }) => ranNs), waitedMs: sum(({ waitedNs }) => waitedNs) };
  }

  /** Since then, of the process that waited most: its share of the time, and the most it waited in a second. */
  worst(sinceNs: number): { share: number; perSecondMaxMs: number } | undefined {
    const shares: number[] = [];
    const perSecond: number[] = [];
    for (const all of this.#looks.values()) {
      const looks = all.filter((look) => look.sinceNs >= sinceNs);
      if (looks.length === 0) continue;
      const waitedNs = looks.reduce((total, look) => total + look.waitedNs, 0);
      shares.push(waitedNs / (looks.at(-1)!.atNs - looks[0]!.sinceNs));
      for (const [index, { sinceNs: fromNs }] of looks.entries()) {
        let waited = 0;
        for (let at = index; at < looks.length && looks[at]!.atNs <= fromNs + secondNs * 1.1; at++) {
          waited += looks[at]!.waitedNs;
        }
        perSecond.push(waited / 1e6);
      }
    }
    if (shares.length === 0) return undefined;
    return { share: Math.max(...shares), perSecondMaxMs: Math.max(0, ...perSecond) };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** The thread that waited most; threads that began or ended in between are left out. */
function worstOf(before: ReadonlyMap<string, Reading>, after: ReadonlyMap<string, Reading>): Reading {
  let worst: Reading = { ranNs: 0, waitedNs: 0 };
  for (const [thread, now] of after) {
    const then = before.get(thread);
    if (then === undefined) continue;
    const passed = { ranNs: now.ranNs - then.ranNs, waitedNs: now.waitedNs - then.waitedNs };
    if (passed.waitedNs > worst.waitedNs || (passed.waitedNs === worst.waitedNs && passed.ranNs > worst.ranNs)) {
      worst = passed;
    }
  }
  return worst;
}

function readThreads({ pids, threads }: Watched): Map<string, Reading> {
  const paths = pids.flatMap((pid) => (threads === "main" ? [`/proc/${pid}`] : threadsOf(pid)));
  return new Map(
    paths.flatMap((path) => {
      const reading = readOne(path);
      return reading === undefined ? [] : [[path, reading] as const];
    }),
  );
}

function readOne(path: string): Reading | undefined {
  try {
    return parseCoreTimes(readFileSync(`${path}/schedstat`, "utf8"));
  } catch {
    return undefined;
  }
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}`);
  } catch {
    return [];
  }
}
