/** Whether the processes of a run got the processor time they asked for. */
import type { Cell } from "../contract/results.ts";
import { useOf } from "../recording/flows.ts";

/**
 * A process whose event loop was busy for so much more of a window than it had processor time for was kept waiting
 * by something else on the machine: its delays and rates then tell of that.
 */
export const cpuWaitShareMax = 0.2;

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
