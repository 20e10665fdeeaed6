import { formatCount, formatList, formatQuantity } from "../../../results/quantities/format.ts";
import { capacityChart } from "../../charts/capacity.ts";
import { showCharts } from "../../charts/chart.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import { left, right } from "../../text/table.ts";
import { capacitiesOf, capacityExperiment, delayThere, whatEndedIt } from "../../view/capacity.ts";
import { showEstimate } from "../../view/shown-estimate.ts";
import { notedTable } from "../section.ts";
import { perTarget } from "./per-target.ts";

/** The capacity of each target: the highest offered rate at which the objective held. */
export const capacitySection = perTarget(capacityExperiment, (view) => {
  const searched = capacitiesOf(view);
  const charts = [capacityChart(searched)].filter((chart) => chart !== undefined);
  const objectives = new Set(
    searched.map(
      ({ objective }) =>
        `the p${objective.percentile} of the round trip, from the schedule, stays within **${formatQuantity(objective.delayUsMax, "us")}**`,
    ),
  );
  const markdown = blocks(
    `The highest rate offered in an open loop at which ${formatList([...objectives])} and nothing is lost.`,
    notedTable((notes) => ({
      columns: [left("Target"), right("Capacity"), right("Delay there"), left("What ended it"), right("Probes")],
      rows: searched.map((capacity) => [
        escapeText(capacity.row.name),
        showEstimate(capacity.estimate, "perSecond", notes, escapeText),
        delayThere(capacity),
        escapeText(whatEndedIt(capacity)),
        formatCount(capacity.probes.length),
      ]),
    })),
    showCharts(charts),
    "#### How to read this",
    bullets([
      "Below the capacity the delay hardly depends on the rate; above it a queue grows for as long as the load lasts, so the delay there says more about the length of the test than about the target.",
      "A rate counts as held only when a second run in fresh processes confirms it, and as missed only when two runs missed it. The search stops when both are within about 10 % of each other: take the number for no more exact than that.",
      "`≥` means that the load generator, not the target, was at its limit, or that no higher rate was tried.",
    ]),
  );
  return { markdown, charts };
});
