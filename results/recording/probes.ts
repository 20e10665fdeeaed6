/** The probes of a capacity search: how each is recorded in a window, and read again: one module, so that the names agree. */
import type { Parameters, Trial, Window } from "../contract/results.ts";

/** One offered rate, tried once. */
export interface Probe {
  readonly offeredRatePerSecond: number;
  readonly achievedRatePerSecond: number;
  /** At the objective's percentile, from the schedule; absent where too few messages carry it. */
  readonly delayUs?: number;
  /** Whether the objective held. */
  readonly held: boolean;
  /** Whether the load generator was the limit, so that nothing is known of the target. */
  readonly generatorBound: boolean;
  /** Whether it repeats a rate that held before. */
  readonly confirms: boolean;
}

export const recordProbe = ({ held, generatorBound, confirms, ...numbers }: Probe): Window["measures"] => ({
  ...numbers,
  held: Number(held),
  generatorBound: Number(generatorBound),
  confirms: Number(confirms),
});

/** In the order in which they ran. */
export const probesOf = ({ windows }: Pick<Trial, "windows">): Probe[] =>
  windows.flatMap(({ measures }) => {
    const { offeredRatePerSecond, achievedRatePerSecond = 0, delayUs, held, generatorBound, confirms } = measures;
    if (offeredRatePerSecond === undefined) return [];
    const numbers = { offeredRatePerSecond, achievedRatePerSecond, ...(delayUs !== undefined && { delayUs }) };
    return [{ ...numbers, held: held === 1, generatorBound: generatorBound === 1, confirms: confirms === 1 }];
  });

/** A percentile of the delay from the schedule, and what it must not exceed. */
export interface Objective {
  readonly percentile: number;
  readonly delayUsMax: number;
}

export const objectiveSettings = ({ percentile, delayUsMax }: Objective): Parameters["settings"] => ({
  objectivePercentile: percentile,
  objectiveDelayUsMax: delayUsMax,
});

/** Undefined for a cell that searched for none. */
export function objectiveOf({ settings }: Pick<Parameters, "settings">): Objective | undefined {
  const { objectivePercentile: percentile, objectiveDelayUsMax: delayUsMax } = settings;
  return typeof percentile === "number" && typeof delayUsMax === "number" ? { percentile, delayUsMax } : undefined;
}
