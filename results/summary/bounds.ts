/** Which numbers of a cell are bounds only, decided for each metric by itself. */
import type { Absence, Bound, Flag, Parameters, Summarised, Trial } from "../contract/results.ts";
import { delayStatisticOf } from "../metrics/metric.ts";
import type { Metric } from "../metrics/metrics.ts";
import { formatQuantity } from "../quantities/format.ts";
import { useOf } from "../recording/flows.ts";
import { median } from "../statistics/moments.ts";
import { closedLoopDelays, closedLoopRates } from "./closed-loop-limits.ts";
import { pooledUs, type RecordedDelays } from "./recorded-delays.ts";

/** What keeps a number from being taken as it stands. */
export type Limit =
  | { readonly bound: Bound; readonly why: string; readonly upTo?: number }
  /** Nothing can be said. */
  | { readonly absence: Absence };

/** Of a cell, what decides about its bounds. */
export interface LimitContext {
  readonly trials: readonly Pick<Trial, "windows" | "measures">[];
  readonly flags: readonly Flag[];
  readonly parameters: Parameters | undefined;
  readonly delays: RecordedDelays;
}

/** The load generator, or the users of a cluster, were the limit of whatever was measured. */
const limitsAll: ReadonlySet<string> = new Set(["users-saturated", "users-starved", "capacity-bound"]);
/** They read late, too. */
const limitsDelays: ReadonlySet<string> = new Set([...limitsAll, "generator-saturated"]);

const generatorLimit = "the load generator was the limit, so rates are lower bounds (≥) and delays upper bounds (≤)";

/** A server whose threads work less than this could have carried more. */
export const serverBusyMin = 0.9;
/** Of a delay: where the load generator's own lateness makes up more, it says more of that than of the target. */
const dispatchShareMax = 0.5;
/** The same of what its process did before the recipient in question had its turn. */
const usersShareMax = 0.5;

/** Undefined for a number that may be taken as it stands. */
export function limitOf(metric: Metric, context: LimitContext): Limit | undefined {
  const { whenGeneratorBound } = metric;
  const closedLoop = closedLoopLimitOf(metric, context);
  if (closedLoop !== undefined) return closedLoop;
  const codes = whenGeneratorBound === "at-least" ? limitsAll : limitsDelays;
  const isLimited = context.flags.some(({ code }) => codes.has(code));
  if (whenGeneratorBound === "unknown") {
    const late = metric.ratioOf?.some((name) => lateDispatch(name, context)) ?? false;
    return isLimited || late ? { absence: { kind: "unknown", why: generatorLimit } } : undefined;
  }
  if (whenGeneratorBound !== undefined && isLimited) return { bound: whenGeneratorBound, why: generatorLimit };
  if (metric.name === "achievedRatePerSecond") return idleServer(context, 1);
  if (metric.name === "goodputBytesPerSecond") return idleServer(context, context.parameters?.payloadBytes ?? 0);
  if (whenGeneratorBound !== "at-most") return undefined;
  return lateDispatch(metric.name, context) ?? slowReader(metric.name, context);
}

/** Of what was measured in the closed loop of a cluster: something else than the cluster was full. */
function closedLoopLimitOf({ whenGeneratorBound }: Metric, context: LimitContext): Limit | undefined {
  if (whenGeneratorBound === undefined || whenGeneratorBound === "unknown") return undefined;
  const codes = whenGeneratorBound === "at-least" ? closedLoopRates : closedLoopDelays;
  const flag = context.flags.find(({ code }) => codes.has(code));
  return flag && { bound: whenGeneratorBound, why: flag.message };
}

/** Percentile by percentile: a median may be the target's while the tail is the load generator's. */
function lateDispatch(metricName: string, { delays }: LimitContext): Limit | undefined {
  const statistic = delayStatisticOf(metricName);
  const dispatch = statistic && delays.dispatchOf(statistic.delay);
  const delay = statistic && delays.of(statistic.delay);
  if (dispatch === undefined || delay === undefined) return undefined;
  const [lateUs, us] = [pooledUs(dispatch, statistic!.percentile), pooledUs(delay, statistic!.percentile)];
  if (lateUs === undefined || us === undefined || lateUs <= dispatchShareMax * us) return undefined;
  const why = `the load generator itself was late by ${formatQuantity(lateUs, "us")} at this percentile, more than half of it`;
  return { bound: "at-most", why };
}

/** Recipients of one process are served one after the other: what share of them a delay waits for. */
const shareBefore: ReadonlyMap<string, number> = new Map([
  ["medianRecipient", 0.5],
  ["lastRecipient", 1],
]);

/**
 * Where the process of the users needs longer for a delivery than the server, recipients wait for each other and not for the
 * server. Undefined where nobody says how many messages were delivered for what.
 */
function slowReader(metricName: string, { trials, delays }: LimitContext): Limit | undefined {
  const statistic = delayStatisticOf(metricName);
  const share = statistic && shareBefore.get(statistic.delay);
  const delay = statistic && delays.of(statistic.delay);
  const us = delay && pooledUs(delay, statistic!.percentile);
  if (share === undefined || us === undefined) return undefined;
  const costs = trials.flatMap(({ windows, measures: { deliveriesPerPublication: audience } }) => {
    const window = windows.at(-1);
    const { generatorCpuUs, generatorMessages = 0, serverCpuUs, serverMessages = 0 } = window ? useOf(window) : {};
    if (generatorCpuUs === undefined || generatorMessages === 0 || audience === undefined) return [];
    const server = serverCpuUs === undefined || serverMessages === 0 ? 0 : serverCpuUs / serverMessages;
    return [{ users: generatorCpuUs / generatorMessages, server, audience }];
  });
  if (costs.length === 0 || costs.length < trials.length) return undefined;
  const [users, server, audience] = (["users", "server", "audience"] as const).map((name) =>
    median(costs.map((cost) => cost[name])),
  ) as [number, number, number];
  if (users <= server || users * audience * share <= usersShareMax * us) return undefined;
  const why = `the process of the users needs ${formatQuantity(users, "us")} for a delivery, longer than the server: recipients waited for each other there`;
  return { bound: "at-most", why };
}

/**
 * In a closed loop the server is the limit only while it works all the time; else the rate is what it was given. `each`: what
 * a message counts for.
 */
function idleServer({ trials, parameters }: LimitContext, each: number): Limit | undefined {
  if (parameters?.load?.kind !== "closed") return undefined;
  const windows = trials.flatMap((trial) => trial.windows.at(-1) ?? []);
  const uses = windows.map((window) => ({ ...useOf(window), windowUs: window.durationMs * 1000 }));
  const busy = uses.flatMap(({ serverCpuUs, serverCores, serverBusiestThreadCpuUs = 0, windowUs }) =>
    serverCpuUs === undefined || serverCores === undefined || windowUs === 0
      ? []
      : [Math.max(serverCpuUs / serverCores, serverBusiestThreadCpuUs) / windowUs],
  );
  if (busy.length < uses.length || busy.length === 0) {
    return { bound: "at-least", why: "how busy the server was could not be seen, so it may carry more" };
  }
  const share = median(busy);
  if (share >= serverBusyMin) return undefined;
  const could = `the server was busy for ${Math.round(share * 100)} % of the time, so it could carry more`;
  const threads = uses[0]!.serverThreads;
  const perMessage = uses.flatMap(({ serverCpuUs = 0, serverMessages = 0 }) =>
    serverCpuUs > 0 && serverMessages > 0 ? [serverCpuUs / serverMessages] : [],
  );
  if (perMessage.length === 0) return { bound: "at-least", why: could };
  if (threads === undefined) {
    const why = `${could}; up to what is unknown, since so is how many of its threads share the work`;
    return { bound: "at-least", why };
  }
  const upTo = (each * threads * 1e6) / median(perMessage);
  return { bound: "at-least", upTo, why: `${could}: up to 10^6 / its CPU time per message in microseconds` };
}

/** The far end of a bracket is never within the interval. */
export const withLimit = (number: Summarised, limit: Exclude<Limit, { absence: Absence }>): Summarised => ({
  ...limit,
  ...number,
  ...("upTo" in limit && limit.upTo !== undefined && { upTo: Math.max(limit.upTo, number.high) }),
});
