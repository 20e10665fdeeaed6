import { formatCount } from "../../../results/quantities/format.ts";
import type { Check } from "./check.ts";
import { judgeExact } from "./judge.ts";

export type Count = readonly [what: string, expected: number, measured: number];

/** Says only what is wrong, or what there was. */
export function compareCounts(name: string, counts: readonly Count[]): Check {
  const list = (some: readonly Count[], pick: 1 | 2): string =>
    some.map((count) => `${formatCount(count[pick])} ${count[0]}`).join(", ");
  const wrong = counts.filter(([, expected, measured]) => judgeExact(expected, measured) !== "passed");
  if (wrong.length > 0) return { name, expected: list(wrong, 1), measured: list(wrong, 2), verdict: "failed" };
  const some = counts.filter(([, expected]) => expected > 0);
  return { name, expected: "to the last one", measured: list(some, 2) || "none wrong", verdict: "passed" };
}
