/** May the numbers of an arm be believed? Counts are exact whatever happens; rates and delays are not. */
import type { ClusterTrial, MeasuredClusterCell } from "../contract/cluster-results.ts";

type Validity = MeasuredClusterCell["validity"];
type Flag = Validity["flags"][number];

/** Above this share of its time an event loop has no room left: what it could not take, it did not measure. */
const busyShareMax = 0.9;
/** A schedule kept worse than this shows in every delay counted from it. */
const dispatchUsMax = 10_000;

export function judgeTrials(trials: readonly Pick<ClusterTrial, "measures">[]): Validity {
  const worst = (metric: string): number => Math.max(0, ...trials.map(({ measures }) => measures[metric] ?? 0));
  const busy = worst("usersEventLoopUtilization");
  // Too few messages for a 99th percentile: then half of them must have been on time at least.
  const percentile = trials.some(({ measures }) => measures.dispatchP99Us !== undefined) ? 99 : 50;
  const late = worst(`dispatchP${percentile}Us`);
  const flags: Flag[] = [];
  if (busy > busyShareMax) {
    flags.push({
      code: "users-saturated",
      severity: "warning",
      message: `the process of the users was busy ${Math.round(busy * 100)} % of the time: rates are lower bounds and delays upper bounds`,
    });
  }
  if (late > dispatchUsMax) {
    flags.push({
      code: "users-late",
      severity: "warning",
      message: `one message in ${percentile === 99 ? "a hundred" : "two"} left ${Math.round(late / 1000)} ms or more after it was due: delays from the schedule hold that too`,
    });
  }
  return { verdict: busy > busyShareMax ? "generator-bound" : "valid", flags };
}
