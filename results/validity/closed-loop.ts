/**
 * What kept a cluster's closed loop from carrying more. Only where that was a node, the broker or the load balancer is its
 * rate one of the cluster; else the cluster could do that at least.
 */
import type { Flag, Trial } from "../contract/results.ts";
import type { MetricName } from "../metrics/metrics.ts";
import { median } from "../statistics/moments.ts";
import { closedLoopCodes } from "../summary/closed-loop-limits.ts";

/** A share of a core above which a thread had no time left. */
export const threadFull = 0.9;
/** Cores of which less than this was idle were full. */
const idleShareMin = 0.1;

const members = [
  ["busiestNodeCpuShare", "the busiest node"],
  ["brokerCpuShare", "the broker"],
  ["balancerCpuShare", "the load balancer"],
] as const satisfies readonly (readonly [MetricName, string])[];

/** What was full as a sentence of a report says it; undefined where the trials have no closed loop that was watched. */
export function closedLoopLimit(
  trials: readonly Pick<Trial, "measures">[],
): { readonly member: string; readonly share: number } | { readonly flag: Flag } | undefined {
  const middle = (metric: MetricName): number | undefined => {
    const values = trials.flatMap(({ measures }) => measures[metric] ?? []);
    return values.length === 0 || values.length < trials.length ? undefined : median(values);
  };
  const shares = members.flatMap(([metric, member]) => {
    const share = middle(metric);
    return share === undefined ? [] : [{ member, share }];
  });
  const busiest = shares.toSorted((a, b) => b.share - a.share)[0];
  if (busiest === undefined) return undefined;
  const used = `${busiest.member} used ${percent(busiest.share)} of a core`;
  const users = middle("usersCpuShare") ?? 0;
  if (users >= threadFull) {
    const message = `the process of the virtual users used ${percent(users)} of a core and ${used}: rates of the closed loop are lower bounds (≥), its delays upper bounds (≤)`;
    return { flag: { code: closedLoopCodes.users, severity: "warning", cause: "wirebench", message } };
  }
  if (busiest.share >= threadFull) return busiest;
  const idle = middle("idleCoresShare");
  if (idle !== undefined && idle < idleShareMin) {
    const message = `the machine's cores were full (${percent(idle)} idle) while ${used}: rates of the closed loop are lower bounds (≥), its delays upper bounds (≤)`;
    return { flag: { code: closedLoopCodes.machine, severity: "warning", cause: "machine", message } };
  }
  const message = `nothing was full, ${used}: with more messages in flight the closed loop may carry more, so its rates are lower bounds (≥)`;
  return { flag: { code: closedLoopCodes.load, severity: "warning", cause: "wirebench", message } };
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
