/** Which numbers of a cell are bounds only, decided for each metric by itself. */
import type { Absence, Bound, Flag } from "../contract/results.ts";
import type { Metric } from "../metrics/metrics.ts";
import { generatorLimitCodes } from "../validity/validity.ts";

/** What keeps a number from being taken as it stands. */
export type Limit =
  | { readonly bound: Bound; readonly why: string; readonly upTo?: number }
  /** Nothing can be said. */
  | { readonly absence: Absence };

const generatorLimit = "the load generator was the limit, so rates are lower bounds (≥) and delays upper bounds (≤)";

/** Undefined for a number that may be taken as it stands. */
export function limitOf({ whenGeneratorBound }: Metric, flags: readonly Flag[]): Limit | undefined {
  if (whenGeneratorBound === undefined || !flags.some(({ code }) => generatorLimitCodes.has(code))) return undefined;
  if (whenGeneratorBound === "unknown") return { absence: { kind: "unknown", why: generatorLimit } };
  return { bound: whenGeneratorBound, why: generatorLimit };
}
