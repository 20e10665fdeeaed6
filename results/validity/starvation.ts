/** Whether the processes of a run got the processor time they asked for. */
import type { Cell, ServerUse, Window } from "../contract/results.ts";

/**
 * A process whose event loop was busy for so much more of a window than it had processor time for was kept waiting
 * by something else on the machine: its delays and rates then tell of that.
 */
const missingShareMin = 0.2;

export interface Starvation {
  readonly starvedWindows: number;
  readonly windows: number;
}

/** Counts the windows in which the server or a load generator was kept from its core. */
export function starvationOf(cells: readonly Cell[]): Starvation {
  const windows = cells.flatMap((cell) =>
    cell.state === "measured" ? cell.trials.flatMap((trial) => trial.windows) : [],
  );
  return { starvedWindows: windows.filter(isStarved).length, windows: windows.length };
}

/** Whether one of the window's processes was kept from its core. */
export function isStarved({ server, generators, durationMs }: Window): boolean {
  // Only our own processes tell how busy their event loop was.
  const missing = ({ cpuUs, eventLoopUtilization = 0 }: ServerUse) =>
    eventLoopUtilization - cpuUs / (durationMs * 1000);
  return [...generators, ...(server ? [server] : [])].some((use) => missing(use) > missingShareMin);
}

/** As a sentence; undefined when every process got what it asked for. */
export function describeStarvation({ starvedWindows, windows }: Starvation): string | undefined {
  if (starvedWindows === 0) return undefined;
  return `in ${starvedWindows} of ${windows} windows a busy process was kept from its core for more than ${missingShareMin * 100} % of the time, so whatever else shared the machine's cores had a part in the numbers`;
}
