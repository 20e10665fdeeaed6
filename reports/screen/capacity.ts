/** The capacity of each target, with what a number alone does not say. */
import { metricNamed } from "../../results/metrics/metrics.ts";
import { formatQuantity } from "../../results/quantities/format.ts";
import { left, right } from "../text/table.ts";
import { type Capacity, capacitiesOf, delayThere, whatEndedIt } from "../view/capacity.ts";
import type { ReportView } from "../view/view.ts";
import { formatCell, signed } from "./compact.ts";
import type { ScreenPart } from "./screen-table.ts";
import { shortNamesOf } from "./short-names.ts";

const { unit } = metricNamed("capacityRatePerSecond");

const rateOf = ({ estimate }: Capacity): number => (estimate.kind === "value" ? estimate.interval.value : 0);

/** Undefined where no capacity was searched. */
export function capacityPart(view: ReportView): ScreenPart | undefined {
  const searched = capacitiesOf(view).sort((a, b) => rateOf(b) - rateOf(a));
  if (searched.length === 0) return undefined;
  const short = shortNamesOf(searched.map(({ row }) => row.name));
  const most = Math.max(...searched.map(rateOf));
  const { percentile, delayUsMax } = searched[0]!.objective;
  const table = {
    subject: "target",
    columns: [right("capacity/s"), right(`p${percentile} there`), left("what ended it")],
    rows: searched.map((capacity) => {
      const { row, estimate } = capacity;
      const rate = rateOf(capacity);
      const bound = estimate.kind === "value" ? estimate.bound : undefined;
      return {
        name: row.name,
        shortName: short.get(row.name)!,
        bar: rate > 0 ? { share: rate / most, isCut: false, isBound: bound !== undefined } : undefined,
        cells: [
          { text: estimate.kind === "value" ? signed(bound, formatCell(rate, unit)) : "–" },
          { text: delayThere(capacity) },
          { text: whatEndedIt(capacity) },
        ],
      };
    }),
    legend: [
      {
        text: `capacity: highest rate at which the p${percentile} stayed within ${formatQuantity(delayUsMax, "us")}, found twice`,
      },
    ],
  };
  return { table, sure: [] };
}
