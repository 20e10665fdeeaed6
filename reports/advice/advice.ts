/** What results say to who must decide: a sentence made of measured numbers, or what would have to be measured for it. */
import { usable } from "../../results/contract/cells.ts";
import type { MeasuredCell } from "../../results/contract/results.ts";
import { type MetricName, metricNamed } from "../../results/metrics/metrics.ts";
import { formatQuantity } from "../../results/quantities/format.ts";
import type { CellView, ReportView } from "../view/view.ts";

export type Advice =
  | {
      readonly kind: "advice";
      /** What it is about, in a word. */
      readonly about: string;
      /** Sentences, not escaped. */
      readonly text: string;
    }
  | {
      readonly kind: "open";
      /** What cannot be advised on. */
      readonly about: string;
      /** Experiment that would tell. */
      readonly experiment: string;
    };

export const open = (about: string, experiment: string): Advice => ({ kind: "open", about, experiment });

/** Cells of one experiment that have a usable number, in the order of the results. */
export const cellsWith = (view: ReportView, scenario: string, metric: MetricName): CellView[] =>
  cellsOf(view, scenario).filter(({ cell }) => usable(cell)?.summary[metric] !== undefined);

export const cellsOf = ({ experiments }: ReportView, scenario: string): readonly CellView[] =>
  experiments.find(({ info }) => info.name === scenario)?.cells ?? [];

/** Of a cell that `cellsWith` gave. */
export function numberOf({ cell }: CellView, metric: MetricName): MeasuredCell["summary"][string] {
  const found = usable(cell)?.summary[metric];
  if (found === undefined) throw new RangeError(`expected a cell with ${metric}`);
  return found;
}

/** The middle alone: an interval has its place in the table below. */
export function shown(cell: CellView, metric: MetricName): string {
  const { value, bound } = numberOf(cell, metric);
  const sign = bound === undefined ? "" : bound === "at-least" ? "≥" : "≤";
  return `${sign}${formatQuantity(value, metricNamed(metric).unit)}`;
}
