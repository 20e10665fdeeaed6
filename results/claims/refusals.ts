/** What a target refused since its specification says so, as `security` found it. */
import { completeTrials } from "../contract/cells.ts";
import type { MeasuredCell } from "../contract/results.ts";
import { findingsOf, type ProbeName } from "../recording/findings.ts";

/** In every trial. */
export function refusedByProtocol(cell: MeasuredCell): ProbeName[] {
  const [first = [], ...others] = completeTrials(cell).map((trial) =>
    findingsOf(trial).flatMap(({ probe, outcome }) => (outcome === "refused-by-protocol" ? [probe] : [])),
  );
  return first.filter((probe) => others.every((found) => found.includes(probe)));
}
