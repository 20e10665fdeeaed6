/** What processes did between two looks: CPU time, and how often they were woken up for it. */
import { nowNs } from "../../../protocol/clock.ts";
import { cpuTime, processTree, sleepsByThread } from "./process-use.ts";

export interface Work {
  readonly cpuUs: number;
  readonly wakeUps: number;
}

interface Look {
  readonly atNs: number;
  readonly byGroup: readonly (readonly [string, ReadonlyMap<string, Work>])[];
}

/**
 * Looks at named groups of processes and everything they started. Threads are told apart: the counters of one that ends
 * leave the sum of its process, which would make a process that ends threads seem to have worked less than nothing. What
 * such a thread did since the look before is not known and left out.
 */
export class WorkMeter<Name extends string> {
  readonly #groups: () => Readonly<Record<Name, readonly (number | undefined)[]>>;

  constructor(groups: () => Readonly<Record<Name, readonly (number | undefined)[]>>) {
    this.#groups = groups;
  }

  /** What it took, and what each group did meanwhile; one without a process, or of which nothing can be read, is absent. */
  async during<Result>(
    run: () => Promise<Result>,
  ): Promise<{ result: Result; ms: number; of: Partial<Readonly<Record<Name, Work>>> }> {
    const before = this.#look();
    const result = await run();
    const after = this.#look();
    const earlier = new Map(before.byGroup);
    const of = after.byGroup.flatMap(([name, threads]) =>
      threads.size === 0 ? [] : [[name, workSince(earlier.get(name), threads)] as const],
    );
    return {
      result,
      ms: (after.atNs - before.atNs) / 1e6,
      of: Object.fromEntries(of) as Partial<Record<Name, Work>>,
    };
  }

  #look(): Look {
    const groups = Object.entries<readonly (number | undefined)[]>(this.#groups());
    return { atNs: nowNs(), byGroup: groups.map(([name, pids]) => [name, threadsOf(pids)]) };
  }
}

function workSince(before: ReadonlyMap<string, Work> | undefined, after: ReadonlyMap<string, Work>): Work {
  const sum = { cpuUs: 0, wakeUps: 0 };
  for (const [thread, { cpuUs, wakeUps }] of after) {
    const earlier = before?.get(thread);
    sum.cpuUs += cpuUs - (earlier?.cpuUs ?? 0);
    sum.wakeUps += wakeUps - (earlier?.wakeUps ?? 0);
  }
  return sum;
}

/** A thread whose time is not known by itself goes with its process. */
function threadsOf(pids: readonly (number | undefined)[]): ReadonlyMap<string, Work> {
  const threads = new Map<string, Work>();
  for (const pid of processTree(...pids.filter((one) => one !== undefined))) {
    const time = cpuTime(pid);
    if (time === undefined) continue;
    const sleeps = sleepsByThread(pid);
    for (const [thread, wakeUps] of sleeps) threads.set(thread, { cpuUs: time.byThread.get(thread) ?? 0, wakeUps });
    if (time.source === "stat") threads.set(String(pid), { cpuUs: time.cpuUs, wakeUps: 0 });
  }
  return threads;
}
