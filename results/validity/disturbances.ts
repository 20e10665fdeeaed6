/**
 * What was not the doing of the system under test: a trial in which the process of the virtual users or the machine was
 * late enough to explain what was measured cannot tell that a prediction failed.
 */
import type { Expectation, Trial } from "../contract/results.ts";
import type { MetricTopic } from "../metrics/metric.ts";
import { type MetricName, metricNamed } from "../metrics/metrics.ts";
import { useOf } from "../recording/flows.ts";
import { besideOf } from "../summary/predictions.ts";
import { cpuWaitShareMax, wasStarved } from "./cpu-contention.ts";

export type DisturbedTrial = Pick<Trial, "measures" | "flags" | "windows">;

/** Flags of a trial whose course the machine or the users' process changed: what followed is not the system's doing. */
export const derailedCodes = { cut: "cut-by-starvation", link: "link-lost-by-starvation" } as const;
const derailed: ReadonlySet<string> = new Set(Object.values(derailedCodes));

/** Flag of a trial whose emulated link was slower than it was to be. */
export const linkLateCode = "link-late";

/** A share of a core above which the single-threaded process of the users is busy all the time. */
export const usersSaturated = 0.9;
/** Messages sent so much later than they were due make every delay and rate of them suspect. */
export const dispatchUsMax = 10_000;
/** One time-out or delay runs through several processes, each of which may be late once. */
const processesOnTheWay = 3;

/** What a clock tells. */
const timed: ReadonlySet<MetricTopic> = new Set(["delay", "fanOut", "rate"]);

/** Counted one by one, with their causes: only those the system did not cause are an excuse. */
const missing: ReadonlySet<string> = new Set([
  "missingDeliveries",
  "silentLossDeliveries",
  "declaredLossDeliveries",
  "missingWhileConnectedDeliveries",
  "acceptedThenLostMessages",
  "acceptedMissingDeliveries",
  "otherNodesMissedDeliveries",
] satisfies MetricName[]);
const delivered: ReadonlySet<string> = new Set([
  "deliveredFraction",
  "sameNodeDeliveredFraction",
  "crossNodeDeliveredFraction",
] satisfies MetricName[]);

/** What slowness does not bring about by itself. */
const hard: ReadonlySet<string> = new Set([
  "duplicatedDeliveries",
  "reorderedDeliveries",
  "corruptedDeliveries",
  "duplicatedMessages",
  "reorderedMessages",
  "corruptedMessages",
  "nodeDeaths",
] satisfies MetricName[]);

/** Of what was asked about state, the share that nobody answered, or not in time: what it would have said is not known. */
const unanswered = {
  stepsFoundFraction: ({ stepsUnansweredFraction = 0 }) => stepsUnansweredFraction,
  rejoinFoundFraction: ({ rejoinUnansweredFraction = 0 }) => rejoinUnansweredFraction,
  foundAfterReloadFraction: ({ unansweredAfterReloadFraction = 0 }) => unansweredAfterReloadFraction,
  foundAfterFaultFraction: ({ reconnectedFraction = 1 }) => 1 - reconnectedFraction,
  welcomedAttemptsFraction: ({ welcomedAttemptsFraction = 1 }) => 1 - welcomedAttemptsFraction,
} satisfies Partial<Record<MetricName, (measures: DisturbedTrial["measures"]) => number>>;

/** A share is a quotient: what would be 1 may be off by its rounding. */
const roundingMax = 1e-9;

/** As an `Excuse`. */
export function whyCannotTell(expectation: Expectation, trial: DisturbedTrial): string | undefined {
  const { metric } = expectation;
  const value = trial.measures[metric]!;
  if (missing.has(metric) || delivered.has(metric)) return lossesExplained(expectation, value, trial);
  const course = trial.flags.find(({ code }) => derailed.has(code));
  if (course !== undefined) return course.message;
  const { unit, topic } = metricNamed(metric);
  if (hard.has(metric)) return undefined;
  if (topic === "state") return unansweredExplains(expectation, value, trial) ? slownessOf(trial) : undefined;
  const slowness =
    slownessOf(trial) ?? (timed.has(topic) ? (windowsSlowness(trial) ?? linkLateness(trial)) : undefined);
  return slowness ?? (unit === "ms" ? latenessOf(trial, besideOf(expectation, value)) : undefined);
}

/** Slowness loses no state, but whoever got no answer in time did not find out where it is. */
function unansweredExplains(expectation: Expectation, value: number, trial: DisturbedTrial): boolean {
  if (!wasStarved(trial)) return false;
  const unasked = unanswered[expectation.metric as keyof typeof unanswered];
  const share = unasked === undefined ? 0 : unasked(trial.measures);
  return share > 0 && besideOf(expectation, value + share) <= roundingMax;
}

/** Whether it would have held but for what users' process and machine lost. */
function lossesExplained(expectation: Expectation, value: number, trial: DisturbedTrial): string | undefined {
  const { missingDeliveries = 0, missingDueToUsersDeliveries: users = 0 } = trial.measures;
  const { missingDueToMachineDeliveries: machine = 0, missingOfUnknownCauseDeliveries: unknown = 0 } = trial.measures;
  const excused = users + machine + unknown;
  if (excused === 0) return undefined;
  const without = missing.has(expectation.metric)
    ? Math.max(0, value - excused)
    : 1 - (1 - value) * (1 - excused / missingDeliveries);
  if (besideOf(expectation, without) > roundingMax) return undefined;
  const parts = [
    [users, "by the process of the virtual users"],
    [machine, "by a machine that kept a process from its core"],
    [unknown, "by nobody knows whom"],
  ] as const;
  const lost = parts.flatMap(([count, by]) => (count > 0 ? [`${count} ${by}`] : []));
  return `of ${missingDeliveries} missing deliveries ${lost.join(", ")}`;
}

/** What lasted: no time, rate or number of events of such a trial is the system's alone. */
function slownessOf({ measures }: DisturbedTrial): string | undefined {
  const { cpuWaitShareMax: waited = 0, usersEventLoopUtilization: busy = 0, dispatchP50Us: lateUs = 0 } = measures;
  if (waited > cpuWaitShareMax) return `a process was kept from its core for ${percent(waited)} of the time`;
  if (busy > usersSaturated) return `the process of the virtual users was busy ${percent(busy)} of the time`;
  if (lateUs > dispatchUsMax) return `half of the messages were sent ${Math.round(lateUs / 1000)} ms late`;
  return undefined;
}

/** Where not the trial but its windows say who waited, that excuses what was timed in them: bytes and losses do not wait. */
function windowsSlowness({ windows }: DisturbedTrial): string | undefined {
  const waited = Math.max(0, ...windows.map((window) => useOf(window).cpuWaitShare ?? 0));
  return waited > cpuWaitShareMax ? `a process was kept from its core for ${percent(waited)} of a window` : undefined;
}

/** What a link took beyond what it was asked for, no system took. */
const linkLateness = ({ flags }: DisturbedTrial): string | undefined =>
  flags.find(({ code }) => code === linkLateCode)?.message;

/** What happened once, if it was long enough. */
function latenessOf({ measures }: DisturbedTrial, besideMs: number): string | undefined {
  const { cpuWaitMaxMs: waitedMs = 0, usersStallMaxMs: stalledMs = 0 } = measures;
  const ms = (value: number): string => `${Math.round(value)} ms`;
  if (besideMs <= processesOnTheWay * waitedMs) return `a process waited ${ms(waitedMs)} of one second for its core`;
  if (besideMs <= processesOnTheWay * stalledMs) return `the virtual users stood still for ${ms(stalledMs)}`;
  return undefined;
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
