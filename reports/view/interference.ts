/** Whether a direction is slower while the other is busy, decided as every other comparison is. */
import { measured } from "../../results/contract/cells.ts";
import { metricNamed } from "../../results/metrics/metrics.ts";
import { trialsForIntervalMin } from "../../results/statistics/intervals.ts";
import { judgeAgainstOne, sampleOf } from "../../results/summary/comparison.ts";
import type { ReportView, TargetRow } from "./view.ts";

export interface Interference {
  readonly row: TargetRow;
  readonly direction: "uplink" | "downlink";
  /** Together over alone; undefined where the trials do not show that it is above 1. */
  readonly slowedBy: number | undefined;
}

/** Both directions of every target that has enough trials, row by row. */
export function slowedByOtherDirection({ rows }: ReportView): Interference[] {
  return rows.flatMap((row) =>
    (["uplink", "downlink"] as const).flatMap((direction): Interference[] => {
      const metric = metricNamed(`${direction}InterferenceP50Ratio`);
      const cell = measured(row.cells.get("duplex"));
      const sample = cell && sampleOf(cell, metric);
      if (sample === undefined || sample.values.size < trialsForIntervalMin) return [];
      const judged = judgeAgainstOne(metric, sample);
      return [{ row, direction, slowedBy: judged?.direction === "higher" ? judged.ratio.value : undefined }];
    }),
  );
}
