/** Memory of a server over its idle connections: how it is recorded, and the line through it. */
import { completeTrials } from "../contract/cells.ts";
import type { Flag, MeasuredCell, Series, Trial } from "../contract/results.ts";
import { fitLine, type Line, type Point } from "../statistics/line.ts";
import { median } from "../statistics/moments.ts";

const seriesName = "serverMemoryBytes";

/** Anonymous memory of the server's processes with so many connections open; no values where it could not be read. */
export const memorySeries = (points: readonly Point[]): Series => ({
  name: seriesName,
  title: "Anonymous memory of the server",
  x: "connections",
  xs: points.map(({ x }) => x),
  values: points.map(({ y }) => y),
});

export function memoryPoints({ series }: Pick<Trial, "series">): Point[] {
  const found = series.find(({ name }) => name === seriesName);
  // A count whose reading is missing leaves no telling which value belongs to which.
  if (found === undefined || found.values.length !== found.xs.length) return [];
  return found.xs.map((x, index) => ({ x, y: found.values[index]! }));
}

/** Undefined where there are too few counts to tell a line from something else. */
export const memoryLine = (trial: Pick<Trial, "series">): Line | undefined => fitLine(memoryPoints(trial));

/** Median over the trials of the largest residual, as a share of the line's rise. */
export function residualShareOf(trials: readonly Pick<Trial, "series">[]): number | undefined {
  const shares = trials.flatMap((trial) => memoryLine(trial)?.residualShare ?? []);
  return shares.length === 0 ? undefined : median(shares);
}

/** Memory comes in pages and heaps in larger steps: some distance from the line is no sign of anything. */
const residualShareMax = 0.3;

export const memoryNotLinear = "memory-not-linear";

/** What the line of one trial is worth. */
export function memoryFlags(line: Line | undefined): Flag[] {
  if (line === undefined || line.residualShare <= residualShareMax) return [];
  const message = `the largest residual from the line through the server's memory exceeds ${residualShareMax * 100} % of its rise, so its slope is hardly what a connection needs: raise --idle-connections`;
  return [{ code: memoryNotLinear, severity: "warning", cause: "machine", message }];
}

/** Of a server that was not started for its trial, of which no memory is reported. */
export const usedServerFlag: Flag = {
  code: "used-server",
  severity: "warning",
  cause: "machine",
  message:
    "memory per connection is not reported: the server ran before, so what earlier connections left behind may hide what a new one needs, and uncollected garbage may add to it",
};

/** Whether each trial had a server of its own, which could be told to collect garbage. */
export const hasFreshServers = (cell: MeasuredCell): boolean =>
  completeTrials(cell).every(({ flags }) => flags.every(({ code }) => code !== usedServerFlag.code));
