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
  readonly trials: readonly Pick<Trial, "windows">[];
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
/** The same of what lies behind the first recipient. */
const usersShareMax = 0.5;
/** A process of users that rests less than this between recipients is what they wait for. */
const usersBusyMin = 0.9;

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

/** Recipients with others before them. */
const behindOthers: ReadonlySet<string> = new Set(["medianRecipient", "lastRecipient"]);

/**
 * Recipients of one process are served one after the other. Where it was busy from the first to the last of them, they
 * waited for each other there and not for the server. Undefined where that is the smaller part, or nobody says.
 */
function slowReader(metricName: string, { trials, delays }: LimitContext): Limit | undefined {
  const statistic = delayStatisticOf(metricName);
  if (statistic === undefined || !behindOthers.has(statistic.delay)) return undefined;
  const [us, firstUs] = [statistic.delay, "firstRecipient"].map((name) => {
    const delay = delays.of(name);
    return delay && pooledUs(delay, statistic.percentile);
  });
  const busy = trials.flatMap(({ windows }) => {
    const window = windows.at(-1);
    return (window && useOf(window).generatorBusyBetweenRecipients) ?? [];
  });
  if (us === undefined || firstUs === undefined || busy.length === 0 || busy.length < trials.length) return undefined;
  const share = median(busy);
  if (share < usersBusyMin || us - firstUs <= usersShareMax * us) return undefined;
  const why = `the process of the users was busy for ${Math.round(share * 100)} % of the time from the first recipient to the last: they waited for each other there`;
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
