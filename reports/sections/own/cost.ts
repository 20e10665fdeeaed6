import type { Interval } from "../../../results/contract/results.ts";
import { costExperiment } from "../../../results/metrics/cost-metrics.ts";
import { formatQuantity } from "../../../results/quantities/format.ts";
import { type CostedProgram, clusterCosts } from "../../../results/summary/costs.ts";
import { costInterval, costInWords, costRows, programTitles } from "../../plan/cost-rows.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import { left, renderMarkdownTable, right } from "../../text/table.ts";
import type { OwnSection } from "./own-section.ts";

const programs: readonly CostedProgram[] = ["node", "proxy", "broker"];

/** Ends where they say more than "at most". */
function inWords(cost: Interval): string {
  const [value, ends] = costInWords(cost);
  return cost.low === 0 ? `≤ ${formatQuantity(cost.high, "us")}` : `${value} (${ends})`;
}

/** What a wake-up, a message and a delivery cost each program, worked out of all cells together. */
export const costOfClusterSection: OwnSection = {
  experiments: [costExperiment],
  write({ results, brokerTitle }) {
    const { brokers, refused } = clusterCosts(results.cells, results.environment.cores, results.brokers);
    if (brokers.length === 0) return undefined;
    const rows = programs.flatMap((program) =>
      costRows(program).map((row) => ({
        name: [programTitles[program], row.title] as const,
        costs: brokers.map((own) => inWords(costInterval(own.programs[program], row))),
      })),
    );
    const alike = brokers.length === 1 ? [] : rows.filter(({ costs }) => new Set(costs).size === 1);
    const table = renderMarkdownTable({
      columns: [
        left("Program"),
        left("CPU time"),
        ...brokers.map(({ broker }) => right(escapeText(brokerTitle(broker)))),
      ],
      rows: rows.filter((row) => !alike.includes(row)).map(({ name, costs }) => [...name, ...costs]),
    });
    const withAll = alike.map(({ name, costs }) => `${name.join(" ")} ${costs[0]}`);
    const markdown = blocks(
      "#### What each of it costs",
      table,
      withAll.length === 0 ? undefined : `The same code with every broker: ${withAll.join("; ")}.`,
      bullets([
        "Fitted to all windows of all cells together: CPU per second = idle + wake-ups × per wake-up + messages × per message + deliveries × per delivery, none of them negative.",
        "Brackets hold 95 of 100 resamples. A cost with **≤** is not told from 0: it drowns in what the others scatter by.",
        "`wirebench plan` says what a cluster carries at these costs, and how far that lies beyond what was measured.",
        ...refused.map(({ broker, why }) => escapeText(`${brokerTitle(broker)} is left out: ${why}.`)),
      ]),
    );
    return { markdown, charts: [] };
  },
};
