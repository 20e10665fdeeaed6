/** Whether a direction is slower while the other is busy, decided as every other comparison is. */
import { measured } from "../../results/contract/cells.ts";
import { metricNamed } from "../../results/metrics/metrics.ts";
import { decide } from "../../results/statistics/decide.ts";
import { trialsForIntervalMin } from "../../results/statistics/intervals.ts";
import { groupOf, judgeDecision, sampleOf } from "../../results/summary/comparison.ts";
import type { ReportView, TargetRow } from "./view.ts";

export interface Interference {
  readonly row: TargetRow;
  readonly direction: "uplink" | "downlink";
  /** Together over alone; undefined where the trials do not show that it is above 1. */
  readonly slowedBy: number | undefined;
}

/** Both directions of every target that has enough trials, row by row. */
export function slowedByOtherDirection({ rows }: ReportView): Interference[] {
  const groups = (["uplink", "downlink"] as const).map((direction) => {
    const metric = metricNamed(`${direction}InterferenceP50Ratio`);
    const entries = rows.flatMap((row) => {
      const cell = measured(row.cells.get("duplex"));
      const sample = cell && sampleOf(cell, metric);
      return sample === undefined || sample.values.length < trialsForIntervalMin ? [] : [{ row, sample }];
    });
    const samples = entries.map(({ sample }) => sample);
    return {
      direction,
      metric,
      entries,
      group: groupOf(
        metric,
        samples,
        [...samples.keys()].map((index) => [index]),
      ),
    };
  });
  const decisions = decide(groups.map(({ group }) => group));
  const found = groups.flatMap(({ direction, metric, entries }, index) =>
    entries.map(({ row, sample }, position): Interference => {
      const judged = judgeDecision(decisions[index]![position]!, metric, sample.bound);
      return { row, direction, slowedBy: judged.direction === "higher" ? judged.ratio.value : undefined };
    }),
  );
  return rows.flatMap((row) => found.filter((one) => one.row === row));
}
