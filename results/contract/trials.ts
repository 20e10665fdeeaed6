import type { MeasuredCell, Trial } from "./results.ts";

/** The trials that count: one cut short is kept, but never summarised. */
export const completeTrials = (cell: MeasuredCell): Trial[] => cell.trials.filter(({ state }) => state === "complete");
