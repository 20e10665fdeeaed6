import { costExperiment } from "../../../results/metrics/cost-metrics.ts";
import { type CostedProgram, clusterCosts } from "../../../results/summary/costs.ts";
import { costInterval, costInWords, costRows, programTitles } from "../../plan/cost-rows.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import { left, renderMarkdownTable, right } from "../../text/table.ts";
import type { OwnSection } from "./own-section.ts";

const programs: readonly CostedProgram[] = ["node", "proxy", "broker"];

/** What a wake-up, a message and a delivery cost each program, worked out of all cells together. */
export const costOfClusterSection: OwnSection = {
  experiments: [costExperiment],
  write({ results, brokerTitle }) {
    const { brokers, refused } = clusterCosts(results.cells, results.environment.cores);
    if (brokers.length === 0) return undefined;
    const table = renderMarkdownTable({
      columns: [
        left("Program"),
        left("CPU time"),
        ...brokers.map(({ broker }) => right(escapeText(brokerTitle(broker)))),
      ],
      rows: programs.flatMap((program) =>
        costRows(program).map((row) => [
          programTitles[program],
          row.title,
          ...brokers.map((own) => {
            const [cost, ends] = costInWords(costInterval(own.programs[program], row));
            return `${cost} (${ends})`;
          }),
        ]),
      ),
    });
    const markdown = blocks(
      "#### What each of it costs",
      table,
      bullets([
        "Fitted to all windows of all cells together: CPU per second = idle + wake-ups × per wake-up + messages × per message + deliveries × per delivery, none of them negative. What is the same code is one number: a delivery to a user, and all of the load balancer.",
        "Brackets hold 95 of 100 resamples. A cost *not told from 0* drowns in what the others scatter by; it is at most what the bracket says.",
        "`wirebench plan` says what a cluster carries at these costs, and how far that lies beyond what was measured.",
        ...refused.map(({ broker, why }) => escapeText(`${brokerTitle(broker)} is left out: ${why}.`)),
      ]),
    );
    return { markdown, charts: [] };
  },
};
