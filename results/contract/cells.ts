/** What any reader asks of cells, whatever their experiment. */
import { partsOf } from "../../protocol/policies.ts";
import type { Cell, CellIdentity, MeasuredCell, Trial } from "./results.ts";

/** The trials that count: one cut short is kept, but never summarised. */
export const completeTrials = (cell: MeasuredCell): Trial[] => cell.trials.filter(({ state }) => state === "complete");

/** Names a cell within a run, and its counterpart in another run of the same plan. */
export const cellKey = ({ target, scenario, variant }: Omit<CellIdentity, "protocol" | "parameters">): string =>
  [target, scenario, ...(variant === undefined ? [] : [variant])].join(", ");

/** The cell if it was measured. */
export const measured = (cell: Cell | undefined): MeasuredCell | undefined =>
  cell?.state === "measured" ? cell : undefined;

/** The cell if its numbers may be believed. */
export const usable = (cell: Cell | undefined): MeasuredCell | undefined =>
  cell?.state === "measured" && cell.validity.verdict !== "invalid" ? cell : undefined;

/** What the policy of the load balancer says, whatever version named it; an empty balance where there was none. */
export const policyPartsOf = ({ parameters }: Pick<CellIdentity, "parameters">): ReturnType<typeof partsOf> =>
  partsOf(parameters.policy ?? "");
