import type { Results } from "./results.ts";

/** Every file of a report by name. */
export async function renderReport(results: Results): Promise<Map<string, string>> {
  return new Map([["report.md", `# ${results.command}\n`]]);
}

/** The comparison as a terminal shows it. */
export function renderSummary(results: Results): string {
  return results.cells
    .map(
      (cell) =>
        `${cell.target} ${cell.scenario} ${cell.state} ${cell.state === "measured" ? JSON.stringify(cell.summary, null, 1) : "reason" in cell ? cell.reason : ""}`,
    )
    .join("\n");
}
