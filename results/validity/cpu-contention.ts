/** Whether the processes of a run got the processor time they asked for. */
import type { Cell, Trial } from "../contract/results.ts";
import { useOf } from "../recording/flows.ts";

/**
 * A process whose event loop was busy for so much more of a window than it had processor time for was kept waiting
 * by something else on the machine: its delays and rates then tell of that.
 */
export const cpuWaitShareMax = 0.2;

/** Of one second, in milliseconds: with less, what has seconds to answer is not late for want of a core. */
const starvedMsMin = 500;

/** Of a trial on a cluster: some process waited for its core for much of the time, and once for most of a second. */
export const wasStarved = ({ measures: { cpuWaitShareMax: share = 0, cpuWaitMaxMs = 0 } }: Pick<Trial, "measures">) =>
  share > cpuWaitShareMax && cpuWaitMaxMs > starvedMsMin;

/** Trials on a cluster that were starved, among those that tell; what works as fast as it can waits for a core by nature. */
export function starvationOf(cells: readonly Cell[]): { readonly starvedTrials: number; readonly trials: number } {
  const trials = cells.flatMap((cell) =>
    cell.state === "measured" && cell.parameters.load?.kind !== "closed"
      ? cell.trials.filter(({ measures }) => measures.cpuWaitMaxMs !== undefined)
      : [],
  );
  return { starvedTrials: trials.filter(wasStarved).length, trials: trials.length };
}

export interface CpuContention {
  readonly contendedWindows: number;
  readonly windows: number;
}

/** Counts the windows in which the server or a load generator was kept from its core. */
export function cpuContentionOf(cells: readonly Cell[]): CpuContention {
  const shares = cells.flatMap((cell) =>
    cell.state === "measured"
      ? cell.trials.flatMap((trial) => trial.windows.flatMap((window) => useOf(window).cpuWaitShare ?? []))
      : [],
  );
  return { contendedWindows: shares.filter((share) => share > cpuWaitShareMax).length, windows: shares.length };
}

/** As a sentence; undefined when every process got what it asked for. */
export function describeCpuContention({ contendedWindows, windows }: CpuContention): string | undefined {
  if (contendedWindows === 0) return undefined;
  return `in ${contendedWindows} of ${windows} windows a busy process was kept from its core for more than ${cpuWaitShareMax * 100} % of the time, so other load on the machine affected the numbers`;
}
