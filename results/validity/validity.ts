/** Whether a cell's numbers may be believed, from what was recorded beside them. */
import { keepsUsers, type Policy } from "../../protocol/policies.ts";
import type { Flag, Parameters, TargetInfo, Trial, Validity } from "../contract/results.ts";
import type { MetricName } from "../metrics/metrics.ts";
import type { LedgerCount } from "../recording/flows.ts";
import { memoryNotLinear } from "../recording/memory.ts";
import { carriesPercentile } from "../statistics/histogram.ts";
import { closedLoopLimit } from "./closed-loop.ts";
import { cpuWaitShareMax, wasStarved } from "./cpu-contention.ts";
import { dispatchUsMax, usersSaturated } from "./disturbances.ts";
import { keptUpFlags } from "./kept-up.ts";
import { type MachineLoad, wasBusy } from "./machine.ts";
import { outlyingTrialFlags } from "./outlying-trials.ts";
import { countWindows, digestOf, type FlowDigest, isMost, type WindowDigest } from "./window-digest.ts";

export type JudgedTrial = Pick<Trial, "trial" | "windows" | "histograms" | "measures" | "flags">;

/** What of a target decides how its numbers are to be read. */
export type JudgedTarget = Pick<TargetInfo, "deliveryFloorMs">;

/** A share of a core above which a single-threaded process counts as busy all the time. */
const saturated = usersSaturated;
const carriedOver = 1.05;
/** So many messages of one user in each poll interval are spread over it well enough, however the two clocks lie. */
const messagesPerPollMin = 3;
/** Nagle's algorithm waiting for a delayed acknowledgement, whose timer is 40 ms on Linux. */
const delayedAckMs = { from: 36, to: 44 };
/** Rounding at the edges of a short window is within it; a queue that builds up is not. */
const littlesLawTolerance = 0.15;
/** A second half this much slower or faster than the first is no noise of its median. */
const driftRatio = 1.5;
/** Longer than garbage collection of a small heap or one time slice of a neighbour. */
const stallMs = 20;

/** Flags that say that the load generator was the limit of some number: which ones are bounds, a summary says. */
export const generatorLimitCodes: ReadonlySet<string> = new Set([
  "generator-late",
  "generator-saturated",
  "users-saturated",
  "users-starved",
  "capacity-bound",
]);

/** Verdict and flags of a cell whose trials are all complete. Fatal flags make it invalid. `machine` is as before the run. */
export function judge(
  trials: readonly JudgedTrial[],
  parameters: Parameters,
  target: JudgedTarget,
  machine: MachineLoad = { loadAverage: 0, cores: 1 },
): Validity {
  // Windows without flows are an experiment's own: what they are worth, its trials say in flags and measures.
  const windows = trials.flatMap((trial) => trial.windows.map(digestOf)).filter(({ flows }) => flows.length > 0);
  const flags = onceEach([
    ...ledgerFlags(windows),
    ...keptUpFlags(windows, parameters),
    ...generatorFlags(windows, parameters),
    ...delayedAckFlags(windows, parameters, target),
    ...cpuContentionFlags(windows),
    ...carriedOverFlags(windows),
    ...(windows.length > 0 ? phaseLockFlags(parameters, target) : []),
    ...littlesLawFlags(windows, parameters),
    ...driftFlags(windows),
    ...fewSamplesFlags(windows),
    ...generatorStallFlags(windows),
    ...outlyingTrialFlags(trials, stallMs),
    ...usersFlags(trials),
    ...unansweredFlags(trials, parameters),
    ...trialFlags(trials),
    ...machineFlags(machine),
  ]);
  return { verdict: flags.some(({ severity }) => severity === "fatal") ? "invalid" : "valid", flags };
}

/** Of what trials noticed only one thing needs most of them: a slope is their median, so one bent line does not move it. */
function trialFlags(trials: readonly Pick<Trial, "flags">[]): Flag[] {
  const all = trials.flatMap(({ flags }) => flags);
  const bent = all.filter(({ code }) => code === memoryNotLinear).length;
  return bent * 2 > trials.length ? all : all.filter(({ code }) => code !== memoryNotLinear);
}

/** What several trials noticed alike is said once. */
const onceEach = (flags: readonly Flag[]): Flag[] => [
  ...new Map(flags.map((flag) => [`${flag.code} ${flag.message}`, flag])).values(),
];

const flowsIn = (windows: readonly WindowDigest[]): FlowDigest[] => windows.flatMap(({ flows }) => flows);

const defectsInWords: readonly [LedgerCount, string][] = [
  ["lostMessages", "were lost"],
  ["duplicatedMessages", "came more than once"],
  ["reorderedMessages", "came after a later one"],
  ["censoredMessages", "were still on the way when the drain was over"],
  ["corruptedMessages", "came with other bytes than were sent"],
];

/** What a target does wrong with messages is named; delays and rates of the others are true all the same. */
function ledgerFlags(windows: readonly WindowDigest[]): Flag[] {
  const total = (name: LedgerCount): number => flowsIn(windows).reduce((sum, { ledger }) => sum + ledger[name], 0);
  const silent = countWindows(windows, ({ ledger, timed }) => ledger.receivedMessages === 0 || timed === 0);
  const nothing = `in ${silent} of ${windows.length} windows not a single message came back that could be timed`;
  return [
    ...(silent > 0 ? [{ code: "no-messages", severity: "fatal", cause: "target", message: nothing } as const] : []),
    ...defectsInWords.flatMap(([name, what]) => {
      const count = total(name);
      const message = `${count} of ${total("sentMessages")} messages ${what}`;
      return count > 0 ? [{ code: kebab(name), severity: "defect", cause: "target", message } as const] : [];
    }),
  ];
}

/** More within the window than was offered in it came from before: a queue, not a rate. */
function carriedOverFlags(windows: readonly WindowDigest[]): Flag[] {
  const over = countWindows(
    windows,
    ({ received, offered = Number.POSITIVE_INFINITY }) => received > carriedOver * offered,
  );
  const message = `in ${over} of ${windows.length} windows more arrived than was offered in them: an earlier backlog was still being delivered`;
  return isMost(over, windows) ? [{ code: "backlog-carried-over", severity: "warning", cause: "target", message }] : [];
}

function generatorFlags(windows: readonly WindowDigest[], parameters: Parameters): Flag[] {
  const flags: Flag[] = [];
  const late = countWindows(windows, (flow) => dispatchedLate(flow, parameters));
  if (isMost(late, windows)) {
    const message = `in ${late} of ${windows.length} windows half of the messages were sent late, by more than they then took or than lay between two of them: the load generator was the delay`;
    flags.push({ code: "generator-late", severity: "warning", cause: "wirebench", message });
  }
  const saturatedCount = windows.filter((window) => saturatedGenerator(window, parameters)).length;
  if (isMost(saturatedCount, windows)) {
    const message = `in ${saturatedCount} of ${windows.length} windows the load generator was busier than the server and above ${saturated * 100} % of its core: delays are upper bounds`;
    flags.push({ code: "generator-saturated", severity: "warning", cause: "wirebench", message });
  }
  return flags;
}

/** A full generator also reads late, so its service times are no measure of it: its own schedule is. */
function dispatchedLate({ dispatchP50Ns, serviceP50Ns }: FlowDigest, { load, workers = 1 }: Parameters): boolean {
  if (load?.kind !== "open" || dispatchP50Ns === undefined || serviceP50Ns === undefined) return false;
  return dispatchP50Ns > Math.min((1e9 * workers) / load.ratePerSecond, serviceP50Ns);
}

/** Only closed loops saturate a generator; an open loop's pacing polls and looks busy at any rate. */
function saturatedGenerator({ use }: WindowDigest, { load }: Parameters): boolean {
  const busiest = use.generatorEventLoopUtilization ?? 0;
  return load?.kind === "closed" && busiest > saturated && busiest > (use.serverEventLoopUtilization ?? 0);
}

const busiestOf = (use: WindowDigest["use"]): number =>
  Math.max(use.generatorEventLoopUtilization ?? 0, use.serverEventLoopUtilization ?? 0);

function delayedAckFlags(
  windows: readonly WindowDigest[],
  { link, load }: Parameters,
  { deliveryFloorMs }: JudgedTarget,
): Flag[] {
  // A polled downlink waits about half its interval on purpose, and a link delays by its own length: both may well be 40 ms.
  if (deliveryFloorMs > 0 || (link?.rttMs ?? 0) > 0) return [];
  const isFixed = ({ serviceP50Ns = 0 }: FlowDigest): boolean => {
    const p50Ms = serviceP50Ns / 1e6;
    return p50Ms >= delayedAckMs.from && p50Ms <= delayedAckMs.to;
  };
  // Who waits for a timer of the kernel has nothing to do; in a full pipe it is the work of a busy process that takes so long.
  const waited = load?.kind === "closed" ? windows.filter(({ use }) => busiestOf(use) <= saturated) : windows;
  // A timer of the kernel is the same in every trial: a median that comes near it once is no sign of it.
  const alike = [...Map.groupBy(waited, ({ name }) => name).values()];
  const suspicious = alike.some((own) => isMost(countWindows(own, isFixed), own));
  const message = "a median of about 40 ms is typical of Nagle's algorithm waiting for a delayed acknowledgement";
  return suspicious ? [{ code: "delayed-ack", severity: "warning", cause: "target", message }] : [];
}

function cpuContentionFlags(windows: readonly WindowDigest[]): Flag[] {
  const contended = windows.filter(({ use }) => (use.cpuWaitShare ?? 0) > cpuWaitShareMax).length;
  const message = `in ${contended} of ${windows.length} windows a busy process was kept from its core for a fifth of the time or more: other load on the machine affected the numbers`;
  return contended > 0 ? [{ code: "cpu-contention", severity: "warning", cause: "machine", message }] : [];
}

/** An even schedule and a poll clock of nearly the same period meet at one and the same phase for a whole trial. */
function phaseLockFlags({ load, connections }: Parameters, { deliveryFloorMs }: JudgedTarget): Flag[] {
  if (load?.kind !== "open" || load.arrivals === "poisson" || deliveryFloorMs === 0) return [];
  const messagesPerPoll = (load.ratePerSecond / connections) * (deliveryFloorMs / 1000);
  if (messagesPerPoll >= messagesPerPollMin) return [];
  const message =
    "each user sends at intervals almost as long as its poll interval, so the wait depends on the phase between the two: use --arrivals poisson";
  return [{ code: "phase-lock", severity: "warning", cause: "wirebench", message }];
}

/** In a steady closed loop messages in flight = rate x time in the system (Little 1961), or something was counted wrong. */
function littlesLawFlags(windows: readonly WindowDigest[], { load, connections }: Parameters): Flag[] {
  if (load?.kind !== "closed") return [];
  const inFlight = load.inFlight * connections;
  const off = countWindows(windows, ({ achievedRatePerSecond, serviceMeanNs }) => {
    if (serviceMeanNs === undefined) return false;
    return Math.abs((achievedRatePerSecond * serviceMeanNs) / 1e9 / inFlight - 1) > littlesLawTolerance;
  });
  const message = `in ${off} of ${windows.length} windows rate x mean time is not within ${littlesLawTolerance * 100} % of the ${inFlight} messages in flight: the window was not steady`;
  return isMost(off, windows) ? [{ code: "littles-law", severity: "warning", cause: "machine", message }] : [];
}

/** A median that moves between the halves of most windows, always the same way, tells of a window that began too early. */
function driftFlags(windows: readonly WindowDigest[]): Flag[] {
  const ratios = flowsIn(windows).flatMap(({ drift }) => drift ?? []);
  const slower = ratios.filter((ratio) => ratio > driftRatio).length;
  const faster = ratios.filter((ratio) => ratio < 1 / driftRatio).length;
  const drifting = Math.max(slower, faster);
  if (drifting * 2 <= ratios.length) return [];
  const way = slower > faster ? "slower" : "faster";
  const message = `in ${drifting} of ${ratios.length} windows the second half's median was more than ${driftRatio} times ${way} than the first's: lengthen --warmup or --duration`;
  return [{ code: "drift", severity: "warning", cause: "wirebench", message }];
}

function fewSamplesFlags(windows: readonly WindowDigest[]): Flag[] {
  const timed = new Map<string, number>();
  for (const { name, flows } of windows) {
    for (const flow of flows) {
      const key = `${name}, ${flow.name}`;
      timed.set(key, (timed.get(key) ?? 0) + flow.timed);
    }
  }
  // A tail is read from all trials together.
  const fewest = Math.min(...timed.values());
  if (carriesPercentile(fewest, 99)) return [];
  const message = `only ${fewest} messages were timed in all trials together, too few for a p99: raise --rate or --duration`;
  return [{ code: "few-samples", severity: "warning", cause: "wirebench", message }];
}

/** A generator that pauses charges the pause to the target: in a closed loop nothing else would show it. */
function generatorStallFlags(windows: readonly WindowDigest[]): Flag[] {
  const stalled = windows.filter(({ use }) => (use.generatorEventLoopDelayMaxUs ?? 0) > stallMs * 1000).length;
  const message = `in ${stalled} of ${windows.length} windows the load generator stood still for more than ${stallMs} ms, which the slowest delays contain`;
  return stalled > 0 ? [{ code: "generator-stall", severity: "warning", cause: "wirebench", message }] : [];
}

/** Virtual users of a cluster: what they could not take, nobody measured. */
function usersFlags(trials: readonly Pick<Trial, "measures">[]): Flag[] {
  const worst = (metric: MetricName): number => Math.max(0, ...trials.map(({ measures }) => measures[metric] ?? 0));
  const busy = worst("usersEventLoopUtilization");
  if (busy === 0) return [];
  const closedLoop = closedLoopLimit(trials);
  // In a closed loop everything that has a core to itself is busy all the time: there it counts what was full.
  const flags = closedLoop === undefined ? busyUsersFlags(busy, worst("usersCpuShare")) : [];
  if (closedLoop !== undefined && "flag" in closedLoop) flags.push(closedLoop.flag);
  // Too few messages for a 99th percentile: then half of them must have been on time at least.
  const [percentile, share] = trials.some(({ measures }) => measures.dispatchP99Us !== undefined)
    ? (["P99", "1 %"] as const)
    : (["P50", "half"] as const);
  const late = worst(`dispatch${percentile}Us`);
  if (late > dispatchUsMax) {
    const message = `${share} of the messages were sent ${Math.round(late / 1000)} ms or more after they were due: delays from the schedule include that`;
    flags.push({ code: "users-late", severity: "warning", cause: "wirebench", message });
  }
  return flags;
}

/**
 * Where everybody is brought back, whoever got no answer on a machine that was busy makes the share of those who found
 * their state untrue; where a follow-up request may well end at another node, no answer is what is measured.
 */
function unansweredFlags(trials: readonly Pick<Trial, "measures">[], { policy }: Parameters): Flag[] {
  if (policy === undefined || !keepsUsers(policy as Policy)) return [];
  const untrue = trials.filter((trial) => {
    const { stepsUnansweredFraction = 0, rejoinUnansweredFraction = 0 } = trial.measures;
    return stepsUnansweredFraction + rejoinUnansweredFraction > 0 && wasStarved(trial);
  }).length;
  const message = `in ${untrue} of ${trials.length} trials users who came back or asked for their state got no answer in time while a process was kept from its core: how many would have found it is not known`;
  return untrue > 0 ? [{ code: "unanswered", severity: "fatal", cause: "machine", message }] : [];
}

/** `cpu` is 0 where it was not recorded. */
function busyUsersFlags(busy: number, cpu: number): Flag[] {
  if (busy <= saturated) return [];
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  const bounds = "rates are lower bounds and delays upper bounds";
  if (cpu > 0 && cpu <= saturated) {
    const message = `the process of the virtual users had something to do ${percent(busy)} of the time and a core for ${percent(cpu)} of it: ${bounds}`;
    return [{ code: "users-starved", severity: "warning", cause: "machine", message }];
  }
  const message = `the process of the virtual users was busy ${percent(busy)} of the time: ${bounds}`;
  return [{ code: "users-saturated", severity: "warning", cause: "wirebench", message }];
}

function machineFlags(machine: MachineLoad): Flag[] {
  if (!wasBusy(machine)) return [];
  const message = `the machine had a load average of ${machine.loadAverage.toFixed(2)} on ${machine.cores} cores before the run: it may have been busy with something else`;
  return [{ code: "load-average", severity: "warning", cause: "machine", message }];
}

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
