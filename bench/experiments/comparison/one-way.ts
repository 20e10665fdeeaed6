/** Traffic that nobody answers: only our own server takes part in it. */
import type { Load } from "../../../load/flows/traffic.ts";
import type { CellPlan } from "../contract/experiment.ts";

/** As `unfit` of an experiment; `what` is the beginning of its reason: `one-way delays need`. */
export const needsOwnServer =
  (what: string) =>
  ({ target }: Pick<CellPlan, "target">): string | undefined =>
    target.system.kind === "embedded"
      ? undefined
      : `${what} the server this project brings: one started elsewhere only echoes`;

/** One-way traffic has no responses to pace it, so its warm-up is a higher rate. */
export const denser = (load: Load): Load =>
  load.kind === "open" ? { ...load, ratePerSecond: load.ratePerSecond * 4 } : load;
