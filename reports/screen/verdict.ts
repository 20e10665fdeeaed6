/** What a comparison is worth, in a word. */
import type { Comparison } from "../../results/contract/results.ts";
import { withinRatio } from "../../results/statistics/decide.ts";
import type { ScreenCell } from "./screen-table.ts";

/** At most six columns: `slower`, or `±13 %` for two that differ by no more than that, one way or the other. */
export function verdictCell({ verdict, ratio }: Pick<Comparison, "verdict" | "ratio">): ScreenCell {
  switch (verdict) {
    case "faster":
      return { text: verdict, tone: "good" };
    case "slower":
      return { text: verdict, tone: "bad" };
    case "equal":
      return { text: `±${Math.max(1, Math.ceil((withinRatio(ratio) - 1) * 100))} %`, tone: "quiet" };
    case "cannot-tell":
      return { text: "unsure", tone: "doubt" };
  }
}
