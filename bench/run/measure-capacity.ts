/** One target's knee search on real processes: each probe is a trial of the echo scenario at another rate. */

import type { Capacity, CapacityProbe, Objective, Trial } from "../../results/contract/results.ts";
import { carriesPercentile, decodeHistogram } from "../../results/statistics/histogram.ts";
import { judge } from "../../results/validity/validity.ts";
import { protocolNamed } from "../targets/protocols.ts";
import { defaultSearchLimits, searchCapacity } from "./capacity.ts";
import type { CellPlan } from "./plan.ts";
import { runTrial } from "./trial.ts";

export interface CapacityOptions {
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Hears of each probe before it starts. */
  readonly onProbe: (ratePerSecond: number) => void;
}

/** A percentile rests on at least so many messages beyond it. */
const tailMessages = 10;

/**
 * Never rejects: a target that breaks under load has missed the objective there. A miss counts only when it was seen
 * twice, a hold only when the search confirms it: one stall of the machine decides nothing.
 */
export async function measureCapacity(
  plan: CellPlan,
  objective: Objective,
  options: CapacityOptions,
): Promise<Capacity> {
  let seed = options.seed;
  const once = async (ratePerSecond: number): Promise<CapacityProbe | undefined> => {
    if (options.signal.aborted) return undefined;
    options.onProbe(ratePerSecond);
    const cell = atRate(plan, objective, ratePerSecond);
    const { trial, failure } = await runTrial(cell, { trial: 1, seed: seed++, signal: options.signal });
    if (options.signal.aborted) return undefined;
    return judgeProbe(cell, objective, trial, failure);
  };
  const probe = async (ratePerSecond: number): Promise<CapacityProbe | undefined> => {
    const first = await once(ratePerSecond);
    return first === undefined || first.outcome === "held" ? first : await once(ratePerSecond);
  };
  const { target, protocol, parameters } = plan.identity;
  const found = await searchCapacity(probe, defaultSearchLimits);
  return { target, protocol, parameters, objective, ...found, probes: [...found.probes] };
}

/** The same cell at another rate, long enough for the objective's percentile. */
function atRate(plan: CellPlan, { percentile }: Objective, ratePerSecond: number): CellPlan {
  const { parameters } = plan.identity;
  const messages = tailMessages / (1 - percentile / 100);
  const durationMs = Math.max(parameters.durationMs, (messages / ratePerSecond) * 1000);
  const load = { ...parameters.load, kind: "open", ratePerSecond } as const;
  return { ...plan, identity: { ...plan.identity, parameters: { ...parameters, durationMs, load } } };
}

function judgeProbe(
  { identity, target }: CellPlan,
  objective: Objective,
  trial: Trial,
  failure?: string,
): CapacityProbe {
  const { parameters } = identity;
  const ratePerSecond = parameters.load?.kind === "open" ? parameters.load.ratePerSecond : 0;
  const flow = trial.windows.at(-1)?.flows.roundTrip;
  const base = { ratePerSecond, achievedRatePerSecond: flow?.achievedRatePerSecond ?? 0 };
  if (failure !== undefined) return { ...base, outcome: "missed", reason: failure };
  const delayUs = scheduledDelayUs(trial, objective.percentile);
  const { verdict, flags } = judge([trial], parameters, protocolNamed(target.protocol).server.traits);
  const measured = { ...base, ...(delayUs !== undefined && { delayUs }) };
  if (verdict === "generator-bound") return { ...measured, outcome: "generator-bound" };
  const fatal = flags.find(({ severity }) => severity === "fatal");
  if (fatal !== undefined) {
    const late = flags.some(({ code }) => code === "generator-late");
    return { ...measured, outcome: late ? "generator-bound" : "missed", reason: fatal.message };
  }
  if (delayUs === undefined) return { ...measured, outcome: "missed", reason: "too few messages for the percentile" };
  return { ...measured, outcome: delayUs <= objective.delayUsMax ? "held" : "missed" };
}

function scheduledDelayUs(trial: Trial, percentile: number): number | undefined {
  const encoded = trial.windows.at(-1)?.flows.roundTrip?.histograms.scheduled;
  if (encoded === undefined) return undefined;
  const histogram = decodeHistogram(encoded);
  return carriesPercentile(histogram.totalCount, percentile)
    ? histogram.getValueAtPercentile(percentile) / 1000
    : undefined;
}
