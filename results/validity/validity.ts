/** Whether a cell's numbers may be believed, from what was recorded beside them. */

import type { Traits } from "../../protocol/contract.ts";
import type { Flag, Flow, FlowLedger, Parameters, Trial, Validity, Window } from "../contract/results.ts";
import { memoryLine } from "../metrics/idle.ts";
import { flowsOf } from "../metrics/metrics.ts";
import { carriesPercentile, decodeHistogram } from "../statistics/histogram.ts";
import { type MachineLoad, wasBusy } from "./machine.ts";
import { isStarved } from "./starvation.ts";

/** A share of a core above which a single-threaded process counts as busy all the time. */
const saturated = 0.9;
/** Achieved below this share of the offered rate: the target did not keep up, or the generator did not. */
const keptUp = 0.95;
const carriedOver = 1.05;
/** So many messages of one user in each poll interval are spread over it well enough, however the two clocks lie. */
const messagesPerPollMin = 3;
/** Nagle's algorithm waiting for a delayed acknowledgement, whose timer is 40 ms on Linux. */
const delayedAckMs = { from: 36, to: 44 };

/** Rounding at the edges of a short window is within it; a queue that builds up is not. */
const littlesLawTolerance = 0.15;
/** A second half this much slower or faster than the first is no noise of its median. */
const driftRatio = 1.5;
/** Fewer messages in a half have no median worth comparing. */
const halfSamplesMin = 50;
/** Memory comes in pages and heaps in larger steps: some distance from the line is no sign of anything. */
const residualShareMax = 0.3;
/** Longer than garbage collection of a small heap or one time slice of a neighbour. */
const stallMs = 20;

/** Verdict and flags of a cell whose trials are all complete. Fatal flags make it invalid. `machine` is as before the run. */
export function judge(
  trials: readonly Trial[],
  parameters: Parameters,
  traits: Traits,
  machine: MachineLoad = { loadAverage: 0, cores: 1 },
): Validity {
  const windows = trials.flatMap((trial) => trial.windows);
  const flags = [
    ...ledgerFlags(windows),
    ...keptUpFlags(windows),
    ...generatorFlags(windows, parameters),
    ...delayedAckFlags(windows, traits),
    ...starvationFlags(windows),
    ...carriedOverFlags(windows),
    ...phaseLockFlags(parameters),
    ...littlesLawFlags(windows, parameters),
    ...driftFlags(windows),
    ...fewSamplesFlags(windows),
    ...generatorStallFlags(windows),
    ...idleFlags(trials),
    ...machineFlags(machine),
  ];
  if (flags.some(({ severity }) => severity === "fatal")) return { verdict: "invalid", flags };
  const bound = flags.some(({ code }) => generatorBoundCodes.has(code));
  return { verdict: bound ? "generator-bound" : "valid", flags };
}

const generatorBoundCodes = new Set(["generator-late", "generator-saturated"]);

function ledgerFlags(windows: readonly Window[]): Flag[] {
  const total = (name: keyof FlowLedger): number =>
    windows.flatMap(flowsOf).reduce((sum, { ledger }) => sum + ledger[name], 0);
  const counted = (name: keyof FlowLedger, what: string): Flag[] => {
    const count = total(name);
    return count > 0
      ? [{ code: kebab(name), severity: "fatal", message: `${count} of ${total("sentMessages")} messages ${what}` }]
      : [];
  };
  const silent = windows.some((window) => flowsOf(window).some(({ ledger }) => ledger.receivedMessages === 0));
  return [
    ...(silent
      ? [
          {
            code: "no-messages",
            severity: "fatal",
            message: "a window passed without a single message received",
          } as const,
        ]
      : []),
    ...counted("lostMessages", "were lost"),
    ...counted("duplicatedMessages", "came more than once"),
    ...counted("reorderedMessages", "came after a later one"),
    ...counted("censoredMessages", "were still on the way when the drain was over"),
    ...counted("corruptedMessages", "came with other bytes than were sent"),
  ];
}

function keptUpFlags(windows: readonly Window[]): Flag[] {
  const behind = windows.filter((window) => flowsOf(window).some((flow) => fellBehind(flow, window))).length;
  if (behind === 0) return [];
  const where = `in ${behind} of ${windows.length} windows less than ${keptUp * 100} % of the offered rate arrived in time`;
  return isMost(behind, windows)
    ? [
        {
          code: "offered-rate-not-achieved",
          severity: "fatal",
          message: `${where}: such a latency grows with the duration`,
        },
      ]
    : [{ code: "stalled-window", severity: "warning", message: `${where}: something held it up for a while` }];
}

/** Against what the schedule really offered: Poisson arrivals come in varying numbers. */
function fellBehind({ histograms: { dispatch }, achievedRatePerSecond }: Flow, { durationMs }: Window): boolean {
  if (dispatch === undefined) return false;
  return (achievedRatePerSecond * durationMs) / 1000 < keptUp * decodeHistogram(dispatch).totalCount;
}

/** More within the window than was offered in it came from before: a queue, not a rate. */
function carriedOverFlags(windows: readonly Window[]): Flag[] {
  const over = windows.filter((window) =>
    flowsOf(window).some(({ histograms: { dispatch }, achievedRatePerSecond }) => {
      const offered = dispatch === undefined ? Number.POSITIVE_INFINITY : decodeHistogram(dispatch).totalCount;
      return (achievedRatePerSecond * window.durationMs) / 1000 > carriedOver * offered;
    }),
  ).length;
  const message = `in ${over} of ${windows.length} windows more arrived than was offered in them: a queue from before was worked off`;
  return isMost(over, windows) ? [{ code: "backlog-carried-over", severity: "warning", message }] : [];
}

/** Only what marks most windows marks the cell: one hiccup of the machine is not the target's nor the generator's. */
const isMost = (count: number, windows: readonly Window[]): boolean => count * 2 > windows.length;

function generatorFlags(windows: readonly Window[], parameters: Parameters): Flag[] {
  const flags: Flag[] = [];
  const late = windows.filter((window) => flowsOf(window).some((flow) => dispatchedLate(flow, parameters))).length;
  if (isMost(late, windows)) {
    const message = `in ${late} of ${windows.length} windows half of the messages left late, by more than they then took or than lay between two of them: the load generator was the delay`;
    flags.push({ code: "generator-late", severity: "warning", message });
  }
  const saturatedCount = windows.filter(saturatedGenerator).length;
  if (isMost(saturatedCount, windows)) {
    const message = `in ${saturatedCount} of ${windows.length} windows the load generator was busier than the server and above ${saturated * 100} % of its core: the rate is a lower bound`;
    flags.push({ code: "generator-saturated", severity: "warning", message });
  }
  return flags;
}

/** A full generator also reads late, so its service times are no measure of it: its own schedule is. */
function dispatchedLate({ load, histograms: { dispatch, service } }: Flow, { workers }: Parameters): boolean {
  if (load.kind === "closed" || dispatch === undefined || service === undefined) return false;
  const p50Ns = decodeHistogram(dispatch).getValueAtPercentile(50);
  const gapNs = (1e9 * workers) / load.ratePerSecond;
  return p50Ns > Math.min(gapNs, decodeHistogram(service).getValueAtPercentile(50));
}

/** Only closed loops saturate a generator; an open loop's pacing polls and looks busy at any rate. */
function saturatedGenerator(window: Window): boolean {
  if (!flowsOf(window).some(({ load }) => load.kind === "closed")) return false;
  const busiest = Math.max(...window.generators.map(({ eventLoopUtilization }) => eventLoopUtilization));
  return busiest > saturated && busiest > (window.server?.eventLoopUtilization ?? 0);
}

function delayedAckFlags(windows: readonly Window[], { downlink }: Traits): Flag[] {
  // A polled downlink waits about half its interval on purpose, which may well be 40 ms.
  if (downlink === "polled") return [];
  const suspicious = windows.flatMap(flowsOf).some(({ histograms: { service } }) => {
    const p50Ms = service === undefined ? 0 : decodeHistogram(service).getValueAtPercentile(50) / 1e6;
    return p50Ms >= delayedAckMs.from && p50Ms <= delayedAckMs.to;
  });
  const message = "a median of about 40 ms is the mark of Nagle's algorithm waiting for a delayed acknowledgement";
  return suspicious ? [{ code: "delayed-ack", severity: "warning", message }] : [];
}

function starvationFlags(windows: readonly Window[]): Flag[] {
  const starved = windows.filter(isStarved).length;
  const message = `in ${starved} of ${windows.length} windows a busy process was kept from its core for a fifth of the time or more: something else had a part in the numbers`;
  return starved > 0 ? [{ code: "processor-starved", severity: "warning", message }] : [];
}

/** An even schedule and a poll clock of nearly the same period meet at one and the same phase for a whole trial. */
function phaseLockFlags({ load, connections, pollIntervalMs }: Parameters): Flag[] {
  if (load?.kind !== "open" || load.arrivals === "poisson" || pollIntervalMs === undefined) return [];
  const messagesPerPoll = (load.ratePerSecond / connections) * (pollIntervalMs / 1000);
  if (messagesPerPoll >= messagesPerPollMin) return [];
  const message =
    "each user sends by a clock almost as slow as it polls, so the wait depends on how the two lie: use --arrivals poisson";
  return [{ code: "phase-lock", severity: "warning", message }];
}

/** In a steady closed loop messages in flight = rate x time in the system (Little 1961), or something was counted wrong. */
function littlesLawFlags(windows: readonly Window[], { load, connections }: Parameters): Flag[] {
  if (load?.kind !== "closed") return [];
  const inFlight = load.inFlight * connections;
  const off = windows.filter((window) =>
    flowsOf(window).some(({ achievedRatePerSecond, histograms: { service } }) => {
      if (service === undefined) return false;
      const implied = (achievedRatePerSecond * decodeHistogram(service).mean) / 1e9;
      return Math.abs(implied / inFlight - 1) > littlesLawTolerance;
    }),
  ).length;
  const message = `in ${off} of ${windows.length} windows rate x mean time is not within ${littlesLawTolerance * 100} % of the ${inFlight} messages in flight: the window was not steady`;
  return isMost(off, windows) ? [{ code: "littles-law", severity: "warning", message }] : [];
}

/** A median that moves between the halves of most windows, always the same way, tells of a window that began too early. */
function driftFlags(windows: readonly Window[]): Flag[] {
  const ratios = windows.flatMap((window) => flowsOf(window).flatMap((flow) => driftOf(flow) ?? []));
  const slower = ratios.filter((ratio) => ratio > driftRatio).length;
  const faster = ratios.filter((ratio) => ratio < 1 / driftRatio).length;
  const drifting = Math.max(slower, faster);
  if (drifting * 2 <= ratios.length) return [];
  const way = slower > faster ? "slower" : "faster";
  const message = `in ${drifting} of ${ratios.length} windows the second half's median was more than ${driftRatio} times ${way} than the first's: lengthen --warmup or --duration`;
  return [{ code: "drift", severity: "warning", message }];
}

/** Median of the second half over that of the first. */
function driftOf({ histograms: { service, earlyService } }: Flow): number | undefined {
  if (service === undefined || earlyService === undefined) return undefined;
  const late = decodeHistogram(service);
  const early = decodeHistogram(earlyService);
  late.subtract(early);
  if (late.totalCount < halfSamplesMin || early.totalCount < halfSamplesMin) return undefined;
  return late.getValueAtPercentile(50) / early.getValueAtPercentile(50);
}

function fewSamplesFlags(windows: readonly Window[]): Flag[] {
  const fewest = Math.min(
    ...windows.flatMap((window) =>
      flowsOf(window).map(({ histograms: { service } }) =>
        service === undefined ? 0 : decodeHistogram(service).totalCount,
      ),
    ),
  );
  if (carriesPercentile(fewest, 99)) return [];
  const message = `a window timed only ${fewest} messages, too few for a p99: raise --rate or --duration`;
  return [{ code: "few-samples", severity: "warning", message }];
}

/** A generator that pauses charges the pause to the target: in a closed loop nothing else would show it. */
function generatorStallFlags(windows: readonly Window[]): Flag[] {
  const stalled = windows.filter(({ generators }) =>
    generators.some(({ eventLoopDelayMaxUs }) => (eventLoopDelayMaxUs ?? 0) > stallMs * 1000),
  ).length;
  const message = `in ${stalled} of ${windows.length} windows the load generator stood still for more than ${stallMs} ms, which the slowest delays contain`;
  return stalled > 0 ? [{ code: "generator-stall", severity: "warning", message }] : [];
}

/** Whether a line says what a connection needs, and whether the server is one that a line can say it of. */
function idleFlags(trials: readonly Trial[]): Flag[] {
  const flags: Flag[] = [];
  const unseen = trials.find(({ serverUnseen }) => serverUnseen !== undefined)?.serverUnseen;
  if (unseen !== undefined) {
    const message = `the server's CPU time and memory were not measured: ${unseen}`;
    flags.push({ code: "server-unseen", severity: "warning", message });
  }
  const lines = trials.flatMap((trial) => memoryLine(trial) ?? []);
  const bent = lines.filter(({ residualShare }) => residualShare > residualShareMax).length;
  if (bent * 2 > lines.length) {
    const message = `in ${bent} of ${lines.length} trials a reading lies off the line through the server's memory by more than ${residualShareMax * 100} % of its rise, so its slope is hardly what a connection needs: raise --idle-connections`;
    flags.push({ code: "memory-not-linear", severity: "warning", message });
  }
  if (lines.length > 0 && trials.some(({ idle }) => idle?.freshServer === false)) {
    const message =
      "this run did not start the server, so memory that earlier connections left behind may hide part of what a new one needs, and garbage nobody collected may add to it";
    flags.push({ code: "used-server", severity: "warning", message });
  }
  return flags;
}

function machineFlags(machine: MachineLoad): Flag[] {
  if (!wasBusy(machine)) return [];
  const message = `the machine had a load average of ${machine.loadAverage.toFixed(2)} on ${machine.cores} cores before the run: it may have been busy with something else`;
  return [{ code: "load-average", severity: "warning", message }];
}

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
