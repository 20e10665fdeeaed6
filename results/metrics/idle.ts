/** What the trials of an idle cell say beyond single numbers: their lines, and how well those fit. */
import type { MeasuredCell, Trial } from "../contract/results.ts";
import { completeTrials } from "../contract/trials.ts";
import { fitLine, type Line, type Point } from "../statistics/line.ts";
import { median } from "../statistics/moments.ts";

/** Memory of the server over open connections; empty where it could not be read at each count. */
export function memoryPoints({ idle }: Trial): Point[] {
  const points = (idle?.memory ?? []).flatMap(({ connections, serverBytes }) =>
    serverBytes === undefined ? [] : [{ x: connections, y: serverBytes }],
  );
  return points.length === idle?.memory.length ? points : [];
}

/** Undefined where there are too few counts to tell a line from something else. */
export const memoryLine = (trial: Trial): Line | undefined => fitLine(memoryPoints(trial));

/** Median over the trials of how far the worst reading lies off its trial's line, as a share of the line's rise. */
export function residualShareOf(trials: readonly Trial[]): number | undefined {
  const shares = trials.flatMap((trial) => memoryLine(trial)?.residualShare ?? []);
  return shares.length === 0 ? undefined : median(shares);
}

/** Whether each trial had a server of its own, which could be told to collect garbage. */
export const hasFreshServers = (cell: MeasuredCell): boolean =>
  completeTrials(cell).every(({ idle }) => idle?.freshServer !== false);
