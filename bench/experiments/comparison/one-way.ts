/** Traffic that nobody answers: only our own server takes part in it. */
import type { Load } from "../../../load/flows/traffic.ts";
import { type Target, traitsOf } from "../../targets/target.ts";
import type { CellPlan } from "../contract/experiment.ts";

/** As `unfit` of an experiment; `what` is the beginning of its reason: `one-way delays need`. */
export const needsOwnServer =
  (what: string) =>
  ({ target }: Pick<CellPlan, "target">): string | undefined =>
    target.system.kind === "embedded"
      ? undefined
      : `${what} the server this project brings: one started elsewhere only echoes`;

/** Why the server of a target cannot send what nobody asked for; undefined where it can. */
export const whyNoPush = (target: Target): string | undefined =>
  traitsOf(target).downlink === "response"
    ? "its server speaks only when it is asked: what it has for a user waits for a request of that user, of which there is none here"
    : undefined;

/** As `needsOwnServer`, of traffic that a server begins. */
export const needsPush =
  (what: string) =>
  (cell: Pick<CellPlan, "target">): string | undefined =>
    whyNoPush(cell.target) ?? needsOwnServer(what)(cell);

/** One-way traffic has no responses to pace it, so its warm-up is a higher rate. */
export const denser = (load: Load): Load =>
  load.kind === "open" ? { ...load, ratePerSecond: load.ratePerSecond * 4 } : load;
