/** The capacity of each target, with what a number alone does not say. */
import { formatQuantity } from "../../results/quantities/format.ts";
import { signOf } from "../../results/summary/estimate.ts";
import { left, renderPlainTable, right } from "../text/table.ts";
import { capacitiesOf, delayThere, whatEndedIt } from "../view/capacity.ts";
import type { ReportView } from "../view/view.ts";

/** Nothing where no capacity was searched. */
export function capacityTable(view: ReportView): string[] {
  const searched = capacitiesOf(view);
  if (searched.length === 0) return [];
  const table = renderPlainTable({
    columns: [left("target"), right("capacity"), right("delay there"), left("what ended it")],
    rows: searched.map((capacity) => {
      const { row, estimate } = capacity;
      const rate =
        estimate.kind === "value"
          ? signOf(estimate.bound).trim() + formatQuantity(estimate.interval.value, "perSecond")
          : "–";
      return [row.name, rate, delayThere(capacity), whatEndedIt(capacity)];
    }),
  });
  return [`${table}\n`];
}
