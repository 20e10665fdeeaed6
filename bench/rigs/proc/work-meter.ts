/** What processes did between two looks: CPU time, how often they were woken up for it, and how long they waited for a processor. */
import { nowNs } from "../../../protocol/clock.ts";
import { cpuTime, processTree, type ThreadTimes, threadTimes } from "./process-use.ts";

export interface Work {
  readonly cpuUs: number;
  readonly wakeUps: number;
  /** How long its threads could have run and had no processor, on average: by how much each of them ran. */
  readonly waitedUs: number;
}

interface Look {
  readonly atNs: number;
  readonly byGroup: readonly (readonly [string, ReadonlyMap<string, ThreadTimes>])[];
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

const unseen: ThreadTimes = { cpuUs: 0, waitedUs: 0, sleeps: 0 };

function workSince(
  before: ReadonlyMap<string, ThreadTimes> | undefined,
  after: ReadonlyMap<string, ThreadTimes>,
): Work {
  let [cpuUs, wakeUps, waited] = [0, 0, 0];
  for (const [thread, now] of after) {
    const earlier = before?.get(thread) ?? unseen;
    const ranUs = now.cpuUs - earlier.cpuUs;
    cpuUs += ranUs;
    wakeUps += now.sleeps - earlier.sleeps;
    waited += ranUs * (now.waitedUs - earlier.waitedUs);
  }
  return { cpuUs, wakeUps, waitedUs: cpuUs > 0 ? waited / cpuUs : 0 };
}

/** Where threads have no times of their own, a process has those of all of them. */
function threadsOf(pids: readonly (number | undefined)[]): ReadonlyMap<string, ThreadTimes> {
  const threads = new Map<string, ThreadTimes>();
  for (const pid of processTree(...pids.filter((one) => one !== undefined))) {
    for (const [thread, times] of threadTimes(pid)) threads.set(thread, times);
    const time = cpuTime(pid);
    if (time?.source === "stat") threads.set(String(pid), { ...unseen, cpuUs: time.cpuUs });
  }
  return threads;
}
