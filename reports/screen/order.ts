/** Which order the verdicts on pairs support. */
import type { Decision } from "../../results/statistics/decide.ts";

/** How the first stands to the second. */
export type Relation<Entry> = (a: Entry, b: Entry) => Decision;

export interface Group<Entry> {
  readonly entries: readonly Entry[];
  /** Every two are equal; otherwise nothing is said of their order. */
  readonly isEqual: boolean;
}

/** From entries sorted by what was measured, lowest first, groups: every entry of one is shown to be below all of the next. */
export function decidedOrder<Entry>(sorted: readonly Entry[], relation: Relation<Entry>): Group<Entry>[] {
  const groups: Entry[][] = [];
  for (const [index, entry] of sorted.entries()) {
    const isParted = sorted
      .slice(0, index)
      .every((lower) => sorted.slice(index).every((higher) => relation(lower, higher) === "lower"));
    if (isParted) groups.push([entry]);
    else groups.at(-1)!.push(entry);
  }
  return groups.map((entries) => ({
    entries,
    isEqual: entries.every((a, index) => entries.slice(0, index).every((b) => relation(a, b) === "equal")),
  }));
}
