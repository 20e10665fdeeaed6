import type { Capacity } from "../../results/contract/results.ts";
import { formatCount, formatQuantity } from "../../results/quantities/format.ts";
import { capacityChart } from "../charts/capacity.ts";
import { showCharts } from "../charts/chart.ts";
import { blocks, bullets, escapeText } from "../text/markdown.ts";
import { left, renderMarkdownTable, renderPlainTable, right } from "../text/table.ts";
import type { ReportView } from "../view/view.ts";
import { type Section, textSection } from "./section.ts";

/** The knee of each target: the highest offered rate at which the objective held. */
export function capacitySection(view: ReportView): Section | undefined {
  const searched = view.rows.flatMap((row) => (row.capacity === undefined ? [] : [{ row, capacity: row.capacity }]));
  const [first] = searched;
  if (first === undefined) return undefined;
  const { objective, parameters } = first.capacity;
  const bound = formatQuantity(objective.delayUsMax, "us");
  const charts = [capacityChart(searched, objective)].filter((chart) => chart !== undefined);
  const markdown = blocks(
    "## Capacity: how much before the delay breaks?",
    `The highest rate offered over ${formatCount(parameters.connections)} connections at which the p${objective.percentile} of the round trip, from the schedule, stays within **${bound}** and nothing is lost. Open loop, payload ${formatQuantity(parameters.payloadBytes, "bytes")} (${parameters.payloadKind}).`,
    renderMarkdownTable({
      columns: [
        left("Target"),
        right("Capacity"),
        right(`p${objective.percentile} there`),
        left("What ended it"),
        right("Probes"),
      ],
      rows: searched.map(({ row, capacity }) => [
        escapeText(row.name),
        showCapacity(capacity),
        delayThere(capacity),
        escapeText(whatEndedIt(capacity)),
        formatCount(capacity.probes.length),
      ]),
    }),
    showCharts(charts),
    "### How to read this",
    bullets([
      "Below the knee the delay hardly depends on the rate; above it a queue grows for as long as the load lasts, so the delay there says more about the length of the test than about the target.",
      "A rate counts as held only when a second run in fresh processes confirms it, and as missed only when two runs missed it. The search stops when both are within about 10 % of each other: take the number for no more exact than that.",
      "`≥` means that the load generator, not the target, was at its limit, or that no higher rate was tried.",
    ]),
  );
  return { markdown, charts };
}

/** `≥ 32,000/s`; a dash where no rate held. */
export const showCapacity = ({ ratePerSecond, atLeast }: Capacity): string =>
  ratePerSecond === 0 ? "–" : `${atLeast ? "≥ " : ""}${formatQuantity(ratePerSecond, "perSecond")}`;

function delayThere({ probes, ratePerSecond }: Capacity): string {
  const confirmed = probes.find(
    (probe) => probe.confirms && probe.ratePerSecond === ratePerSecond && probe.delayUs !== undefined,
  );
  return confirmed?.delayUs === undefined ? "–" : formatQuantity(confirmed.delayUs, "us");
}

/** What the lowest rate that did not hold, above the one that did, failed by. */
function whatEndedIt({ probes, ratePerSecond, objective }: Capacity): string {
  const above = probes.filter(({ outcome, ratePerSecond: rate }) => outcome !== "held" && rate >= ratePerSecond);
  const next = above.sort((a, b) => a.ratePerSecond - b.ratePerSecond)[0];
  if (next === undefined) return probes.length === 0 ? "not searched" : "no higher rate was tried";
  const at = `at ${formatQuantity(next.ratePerSecond, "perSecond")}`;
  if (next.outcome === "generator-bound") return `${at} the load generator was the limit`;
  if (next.reason !== undefined) return `${at}: ${next.reason}`;
  return `${at} p${objective.percentile} was ${next.delayUs === undefined ? "unknown" : formatQuantity(next.delayUs, "us")}`;
}

/** In place of the summary of a run that compared: what was searched and found. */
export function capacityHeadlineSection({ results, rows }: ReportView): Section {
  const knees = rows.flatMap((row) =>
    row.capacity ? [`**${escapeText(row.name)}**: ${showCapacity(row.capacity)}`] : [],
  );
  const interrupted = "> **Interrupted run.** A target without a capacity was not searched to the end.";
  return textSection(blocks("# wirebench: capacity", results.interrupted ? interrupted : undefined, bullets(knees)));
}

/** The same for a terminal. */
export function renderCapacitySummary({ rows }: ReportView): string {
  const searched = rows.flatMap(({ name, capacity }) => (capacity ? [{ name, capacity }] : []));
  const failed = rows.flatMap(({ name, cells }) =>
    [...cells.values()].flatMap((cell) => ("reason" in cell ? [`${name}: ${cell.state}: ${cell.reason}`] : [])),
  );
  const table = renderPlainTable({
    columns: [left("target"), right("capacity"), right("delay there"), left("what ended it")],
    rows: searched.map(({ name, capacity }) => [
      name,
      showCapacity(capacity),
      delayThere(capacity),
      whatEndedIt(capacity),
    ]),
  });
  return [...(searched.length > 0 ? [table] : []), ...failed].join("\n");
}
