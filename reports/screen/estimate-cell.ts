/** An estimate in a narrow column, and what the signs in such columns mean. */
import type { Estimate } from "../../results/summary/estimate.ts";
import type { LegendEntry, ScreenCell } from "./screen-table.ts";

type Value = Extract<Estimate, { kind: "value" }>;

export function estimateCell(estimate: Estimate, format: (value: Value) => string): ScreenCell {
  if (estimate.kind === "absent") return { text: "–", tone: "quiet" };
  if (estimate.kind === "unsettled") return { text: "varies", tone: "doubt" };
  if (estimate.kind !== "value") return { text: estimate.kind, tone: "bad" };
  return { text: format(estimate) };
}

/** Of those signs that stand in one of the cells. */
export function signsIn(estimates: readonly Estimate[]): LegendEntry[] {
  const bounded = estimates.filter((one): one is Value => one.kind === "value" && one.bound !== undefined);
  const signs: readonly [text: string, isNeeded: boolean][] = [
    ["varies: trials too far apart for a middle", estimates.some(({ kind }) => kind === "unsettled")],
    ["a–b: at least a, at most b", bounded.some(({ upTo }) => upTo !== undefined)],
    ["≥ ≤: bounds", bounded.some(({ upTo }) => upTo === undefined)],
  ];
  return signs.flatMap(([text, isNeeded]) => (isNeeded ? [{ text }] : []));
}
